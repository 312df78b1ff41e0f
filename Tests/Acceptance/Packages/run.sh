#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [PART…]
#
# Runs the tests of what is installed, all of them or the parts that are named, and adds them up: the last line is `N passed, N failed`.
#
#   bare           the Debian package in a bare Debian, the one of this machine, without systemd
#   bookworm-deb   the service in a machine with Debian 12, installed by the package
#   bookworm-make  the same by `make install`
#   trixie-deb, trixie-make  the same with Debian 13
#
# What is built on Debian 13 needs its libraries, so the parts of Debian 12 are not among all of them there.
set -euo pipefail
cd "$(dirname "$0")"

parts=("$@")
# shellcheck source=/dev/null
own=$(. /etc/os-release && echo "$VERSION_CODENAME")
if [ $# = 0 ]; then
  parts=(bare)
  if [ "$own" = bookworm ]; then parts+=(bookworm-deb bookworm-make); fi
  parts+=(trixie-deb trixie-make)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0
for part in "${parts[@]}"; do
  case $part in
    bare) command=(./bare.sh) ;;
    *-*) command=(./service.sh "${part%-*}" "${part#*-}") ;;
    *) echo "run.sh: no part '$part'" >&2 && exit 2 ;;
  esac
  status=0
  "${command[@]}" 2>&1 | tee "$log" || status=$?
  counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1)
  # A part without a last line failed before it had counted.
  if [ -z "$counts" ]; then counts='0 1'; fi
  if [ "$status" != 0 ] && [ "${counts#* }" = 0 ]; then counts="${counts% *} 1"; fi
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
