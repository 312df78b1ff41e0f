#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh [unit]
#
# Runs the unit tests in parallel without privileges, then the kernel tests one at a time and the faults of `make test-faults --quick`,
# both as root. With `unit`, runs only the unit tests. The last line is `N passed, N failed`. Nothing is skipped: on a machine
# that cannot run the kernel tests, it fails at once.
set -euo pipefail

fail() {
  echo "make test: $1" >&2
  exit 1
}

case ${1-} in
  '') kernel=true ;;
  unit) kernel=false ;;
  *) fail "unknown argument '$1': give unit or nothing" ;;
esac

# can_test_kernel: fails if the kernel tests cannot run. Sets `sudo`, the command to become root.
can_test_kernel() {
  sudo=()
  if [ "$(id -u)" != 0 ]; then sudo=(sudo); fi

  [ -r /sys/kernel/btf/vmlinux ] || fail 'the kernel tests need a Linux with BTF: no /sys/kernel/btf/vmlinux'
  if [ ${#sudo[@]} != 0 ]; then
    echo 'The kernel tests run as root: sudo may ask for your password.'
    sudo --validate || fail 'the kernel tests need root'
  fi
  "${sudo[@]}" /usr/sbin/bpftool prog list >/dev/null 2>&1 ||
    fail 'the kernel tests need root with CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN: bpf() is not permitted here'
  "${sudo[@]}" unshare --pid --fork true 2>/dev/null ||
    fail 'the kernel tests need root with CAP_SYS_ADMIN: unshare() is not permitted here'
}
if "$kernel"; then can_test_kernel; fi

passed=0 failed=0
log=$(mktemp) problems=$(mktemp)
# The metrics pages that the kernel tests fetch.
pages=$(mktemp --directory)
trap 'rm -rf "$log" "$problems" "$pages"' EXIT

# run COMMAND…: runs it and adds up the tests in its output. Its exit status decides: a failed run counts at
# least one failure, and so does a run without tests. A skipped test counts as failed.
run() {
  local status=0 counts
  "$@" 2>&1 | tee "$log" || status=$?
  grep -E ' recorded an issue | skipped(\.|: )|[eE]rror: ' "$log" >>"$problems" || [ $? = 1 ]
  counts=$(awk -v status="$status" '
    { gsub(/\033\[[0-9;]*m/, "") }
    $2 != "Test" { next }
    $3 == "run" && $4 == "with" { total = $5; next }
    / failed after [0-9.]+ seconds( with [0-9]+ [a-z ]+)?\.$/ || / skipped(\.|: ".*")$/ { failed++ }
    END {
      if (failed == 0 && (status != 0 || total == 0)) failed = 1
      if (total < failed) total = failed
      print total - failed, failed + 0
    }' "$log")
  # After a crash without a failed test, shows the last lines.
  if [ "$status" != 0 ]; then tail -n 3 "$log" >>"$problems"; fi
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

# run_faults COMMAND…: the same for the faults, whose last line has the counts.
run_faults() {
  local status=0 counts
  "$@" 2>&1 | tee "$log" || status=$?
  grep -A 20 '^FAILED' "$log" >>"$problems" || [ $? = 1 ]
  counts=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$log")
  # It has ended before its last line.
  if [ -z "$counts" ] || { [ "$status" != 0 ] && [ "${counts#* }" = 0 ]; }; then
    counts='0 1'
    tail -n 3 "$log" >>"$problems"
  fi
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

echo 'Building the tests'
swift build --build-tests
echo 'Running the unit tests in parallel'
run swift test --skip-build --disable-xctest --skip KernelTests
if "$kernel"; then
  # Not by `swift test`, which as root would leave files owned by root in .build.
  bundle=$(echo "$(swift build --show-bin-path)"/*PackageTests.xctest)
  echo 'Running the kernel tests as root, one at a time: 15 minutes or more'
  run "${sudo[@]}" env NO_COLOR=1 PIDNS_RACES="${PIDNS_RACES:-20000}" PIDNS_PAGES="$pages" "$bundle" --testing-library swift-testing --no-parallel --filter KernelTests

  echo 'Reading the pages of those tests with other parsers'
  if scripts/check-pages.sh "$pages" 2>&1 | tee "$log"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    cat "$log" >>"$problems"
  fi

  echo 'Causing faults around the exporter, as root: three minutes or more'
  programs=$(dirname "$bundle")
  run_faults "${sudo[@]}" unshare --net --pid --mount --mount-proc --fork --kill-child Tests/Acceptance/Faults/run.py \
    "$programs/pidns-exporter" "$programs/pidns-workload" --quick
fi

# Repeated at the end, where a reader looks.
if [ "$failed" != 0 ]; then cut -c1-1000 "$problems"; fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
