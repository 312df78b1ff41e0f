#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# test.sh [unit]
#
# Runs the unit tests in parallel, which need no privilege, then the kernel tests one at a time as root. With
# `unit`, runs the unit tests only. The last line is `N passed, N failed`. Nothing is skipped: a machine that
# cannot run the kernel tests fails at once.
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

# can_test_kernel: fails where the kernel tests cannot run; sets sudo, the command that makes one root.
can_test_kernel() {
  sudo=()
  if [ "$(id -u)" != 0 ]; then sudo=(sudo); fi

  [ -r /sys/kernel/btf/vmlinux ] || fail 'the kernel tests need a Linux with BTF: no /sys/kernel/btf/vmlinux'
  if [ ${#sudo[@]} != 0 ]; then
    echo 'The kernel tests run as root: sudo may ask for your password.'
    sudo --validate || fail 'the kernel tests need root'
  fi
  "${sudo[@]}" /usr/sbin/bpftool prog list >/dev/null 2>&1 ||
    fail 'the kernel tests need a root with CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN: BPF is refused here'
  "${sudo[@]}" unshare --pid --fork true 2>/dev/null ||
    fail 'the kernel tests need a root with CAP_SYS_ADMIN: new namespaces are refused here'
}
if "$kernel"; then can_test_kernel; fi

passed=0 failed=0
log=$(mktemp) problems=$(mktemp)
# The pages of metrics that the kernel tests fetch.
pages=$(mktemp --directory)
trap 'rm -rf "$log" "$problems" "$pages"' EXIT

# run COMMAND…: runs it and adds up the tests that its output reports. Its exit status decides: a run that
# failed counts one failure at least, as does one without tests. A skipped test is one that failed.
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
  # A run that crashed has no failed test to show: how far it came.
  if [ "$status" != 0 ]; then tail -n 3 "$log" >>"$problems"; fi
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

echo 'Building the tests'
swift build --build-tests
echo 'Running the unit tests in parallel'
run swift test --skip-build --disable-xctest --skip KernelTests
if "$kernel"; then
  # As `swift test` runs it, which as root would leave files of root's in .build.
  bundle=$(echo "$(swift build --show-bin-path)"/*PackageTests.xctest)
  echo 'Running the kernel tests as root, one at a time: 15 minutes or more'
  run "${sudo[@]}" env NO_COLOR=1 PIDNS_RACES="${PIDNS_RACES:-20000}" PIDNS_PAGES="$pages" "$bundle" --testing-library swift-testing --no-parallel --filter KernelTests

  echo 'Having other parsers read the pages that those tests fetched'
  if scripts/check-pages.sh "$pages" 2>&1 | tee "$log"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    cat "$log" >>"$problems"
  fi
fi

# Once more at the end, where they are found.
if [ "$failed" != 0 ]; then cut -c1-1000 "$problems"; fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
