#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# install-tree.sh
#
# Installs with `make install` into .build/packages/tree, as the user who builds; service.sh copies it into a machine. Installs twice, like an
# upgrade: changed flags must stay.
set -euo pipefail
cd "$(dirname "$0")/../../.."

tree=.build/packages/tree
flags=$tree/etc/default/prometheus-pidns-exporter
rm -rf "$tree"
mkdir -p "$tree"
make --no-print-directory install-files DESTDIR="$tree" >/dev/null
echo '# changed' >>"$flags"
make --no-print-directory install-files DESTDIR="$tree" >/dev/null
grep --quiet '^# changed$' "$flags" || { echo 'install-tree.sh: make install overwrites the flags' >&2; exit 1; }
sed --in-place '/^# changed$/d' "$flags"
