# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# parts.sh
#
# Runs the parts of a suite that is tested in several machines, and adds up their results.

passed_parts=0 failed_parts=0

# is_bookworm: whether this machine has Debian 12, so that what is built here runs in both Debians.
is_bookworm() {
  # shellcheck source=/dev/null
  [ "$(. /etc/os-release && echo "$VERSION_CODENAME")" = bookworm ]
}

# run_part COMMAND…: runs a part, whose last line is `N passed, N failed`.
run_part() {
  local counts log status=0
  log=$(mktemp)
  "$@" 2>&1 | tee "$log" || status=$?
  counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log" | tail -n 1)
  rm "$log"
  # A part without a last line failed early.
  if [ -z "$counts" ]; then counts='0 1'; fi
  if [ "$status" != 0 ] && [ "${counts#* }" = 0 ]; then counts="${counts% *} 1"; fi
  passed_parts=$((passed_parts + ${counts% *}))
  failed_parts=$((failed_parts + ${counts#* }))
}

# run_machines SCRIPT [CODENAME…]: runs the script with each of these Debians; without one, with those in which a program of this machine runs.
run_machines() {
  local machine machines=("${@:2}")
  if [ $# = 1 ]; then
    if is_bookworm; then machines+=(bookworm); fi
    machines+=(trixie)
  fi
  for machine in "${machines[@]}"; do run_part "$1" "$machine"; done
  summarise_parts
}

# summarise_parts: prints the sums as the last line. Its exit status is that of the suite.
summarise_parts() {
  echo "$passed_parts passed, $failed_parts failed"
  [ "$failed_parts" = 0 ]
}
