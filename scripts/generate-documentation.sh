#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# generate-documentation.sh PROGRAM FOLDER
#
# Writes the manual pages of the program and its commands, and completions for bash, zsh and fish, into a
# folder. The argument parser generates them from the help of the flags.
set -euo pipefail
cd "$(dirname "$0")/.."

program=$(realpath "$1") folder=$2
mkdir -p "$folder"
rm -f "$folder"/*.1

# The parser's own tool. Its date is that of the last commit, so that the same source generates the same
# pages.
echo 'Building generate-manual, and writing the manual pages and completions'
swift build --quiet --product generate-manual
date=$(git log -1 --format=%cs 2>/dev/null) || date=$(date --utc +%F)
"$(swift build --show-bin-path)/generate-manual" "$program" --multi-page --section 1 --date "$date" --output-directory "$folder" >/dev/null
# Removes the page of the parser's command "help", and names each command's page as man looks it up.
rm "$folder/pidns-exporter.help.1"
for page in "$folder"/*.1; do
  # No justified lines: troff of Debian 13 warns of flags that are too long for it.
  sed --in-place 's/^\.Sh SYNOPSIS$/&\n.ad l/; s/^$/.Pp/; s/^\(\.Dt PIDNS-EXPORTER\)\./\1-/; s/^\(\.Xr pidns-exporter\)\./\1-/; /^\.Xr pidns-exporter-help /d' "$page"
done
for command in check-config events top unpin; do
  # The section NAME must have the page's own name, by which it is looked up.
  sed "/^\.Sh NAME/,/^\.Sh SYNOPSIS/s/^\.Nm .*/.Nm pidns-exporter-$command/; s/^\.Nm$/.Nm \"pidns-exporter $command\"/" "$folder/pidns-exporter.$command.1" >"$folder/pidns-exporter-$command.1"
  rm "$folder/pidns-exporter.$command.1"
done

for shell in bash zsh fish; do
  # Shells read them and do not run them: the first line (#!) is removed.
  "$program" --generate-completion-script "$shell" | sed '1{/^#!/d}' >"$folder/pidns-exporter.$shell"
done
