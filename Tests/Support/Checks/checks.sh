# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs the checks of an acceptance suite in bash, and prints each result. The suite sources it, and sets `work`, a folder of its own.
# shellcheck disable=SC2154 # The suite sets work.

passed=0 failed=0

# report WHAT STATUS: prints whether a check passed, and counts it.
report() {
  if [ "$2" = 0 ]; then
    echo "ok      $1"
    passed=$((passed + 1))
  else
    echo "FAILED  $1"
    failed=$((failed + 1))
  fi
}

# check WHAT COMMAND…: runs the command, and reports whether it succeeds. Prints the end of its output if it fails.
check() {
  local status=0
  "${@:2}" >"$work/output" 2>&1 || status=$?
  report "$1" "$status"
  if [ "$status" != 0 ]; then tail -n 60 "$work/output"; fi
}

# summarise: prints the counts as the last line. Its exit status is that of the suite.
summarise() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
}
