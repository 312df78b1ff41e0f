#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [PART…]
#
# Runs the installation tests, all or the given parts, and adds up their results. The last line is `N passed, N failed`.
#
#   bare           the Debian package in a bare Debian without systemd, of this machine's suite
#   bookworm-deb   the service in a machine with Debian 12, installed by the package
#   bookworm-make  the same by `make install`
#   trixie-deb, trixie-make  the same with Debian 13
#
# A program that was built on Debian 13 needs its libraries, so the default there has no parts for Debian 12.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=Tests/Support/Machine/parts.sh
. Tests/Support/Machine/parts.sh

parts=("$@")
if [ $# = 0 ]; then
  parts=(bare)
  if is_bookworm; then parts+=(bookworm-deb bookworm-make); fi
  parts+=(trixie-deb trixie-make)
fi
for part in "${parts[@]}"; do
  case $part in
    bare) run_part Tests/Acceptance/Packages/bare.sh ;;
    *-*) run_part Tests/Acceptance/Packages/service.sh "${part%-*}" "${part#*-}" ;;
    *) echo "run.sh: no part '$part'" >&2 && exit 2 ;;
  esac
done
summarise_parts
