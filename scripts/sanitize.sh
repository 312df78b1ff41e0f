#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# sanitize.sh [address|thread] [unit | FILTER]
#
# Runs the tests under AddressSanitizer with LeakSanitizer, and under ThreadSanitizer. The first argument selects one
# of them. `unit` leaves out the kernel tests, which run as root; a FILTER selects tests as that of `swift test` does.
# Fails if a test fails, and for each report of a sanitizer, also in a program that a test starts.
set -euo pipefail
cd "$(dirname "$0")/.."

kinds=(address thread) filter=
for argument; do
  case $argument in
    address | thread) kinds=("$argument") ;;
    *) filter=$argument ;;
  esac
done

# Tests that measure memory, which a sanitizer multiplies, as the faults of Tests/Acceptance do; and those of the image,
# whose containers have an environment of their own, without a sanitizer's options.
skipped=(--skip PodListTests --skip KernelTests.Image/)

# Kernel tests of the confinement. LeakSanitizer stops the process with ptrace, which that denies: these run
# without it, and all others without confinement.
confined='KernelTests.(Confined|Tokens)/|leastPrivilege|SelfWatch/notified'

sudo=()
if [ "$(id -u)" != 0 ]; then sudo=(sudo); fi
failed=0

# run NAME COMMAND…: runs tests, and shows what failed.
run() {
  local log=$work/$1.log status=0
  "${@:2}" >"$log" 2>&1 || status=$?
  grep -E '^✘|: Fatal error' "$log" | cut -c1-1000 || [ $? = 1 ]
  # The process itself may report to stderr.
  if [ "$status" != 0 ]; then
    echo "$kind, $1 tests: status $status, see $log"
    failed=1
  fi
  grep -E '^. Test run with' "$log" || failed=1
}

for kind in "${kinds[@]}"; do
  work=.build/sanitize/$kind
  rm -rf "$work/reports"
  mkdir -p "$work/reports"
  # Anybody may report: some programs of tests give up root.
  chmod 1777 "$work/reports"
  echo "Building the tests for the $kind sanitizer"
  swift build --build-tests --sanitize="$kind" --scratch-path ".build/$kind" >"$work/build.log" 2>&1 || {
    tail -n 30 "$work/build.log" >&2
    exit 1
  }
  bundle=$(echo ".build/$kind"/debug/*PackageTests.xctest)
  # Swift's report of a crash would hide that of the sanitizer.
  # Fewer processes: with a sanitizer, each fork copies more memory.
  environment=(NO_COLOR=1 SWIFT_BACKTRACE=enable=no PIDNS_RACES="${PIDNS_RACES:-2000}" PIDNS_PROCESSES=50000)
  options=log_path=$PWD/$work/reports/report
  case $kind in
    address) environment+=(ASAN_OPTIONS="$options:detect_leaks=1" LSAN_OPTIONS="suppressions=$PWD/Tests/Support/Sanitizers/leaks.txt:print_suppressions=0") ;;
    thread)
      "$(dirname "$(readlink -f "$(command -v swiftc)")")/clang" -shared -fPIC -O1 -o "$work/mutex.so" \
        Tests/Support/Sanitizers/mutex.c
      environment+=(LD_PRELOAD="$PWD/$work/mutex.so" TSAN_OPTIONS="$options")
      ;;
  esac
  tests=("$bundle" --testing-library swift-testing "${skipped[@]}")
  case $filter in
    '') ;;
    unit) ;;
    *)
      if [[ $kind-$filter == address-*KernelTests* ]]; then environment+=(ASAN_OPTIONS="$options:detect_leaks=0"); fi
      run selected "${sudo[@]}" env "${environment[@]}" "${tests[@]}" --no-parallel --filter "$filter"
      ;;
  esac
  if [ -z "$filter" ] || [ "$filter" = unit ]; then
    run unit env "${environment[@]}" "${tests[@]}" --skip KernelTests
  fi
  if [ -z "$filter" ]; then
    kernel=("${sudo[@]}" env "${environment[@]}")
    if [ "$kind" = address ]; then
      run confined "${kernel[@]}" ASAN_OPTIONS="$options:detect_leaks=0" "${tests[@]}" --no-parallel --filter "$confined"
      kernel+=(PIDNS_EXPORTER_FLAGS=--no-confinement)
      tests+=(--skip "$confined")
    fi
    run kernel "${kernel[@]}" "${tests[@]}" --no-parallel --filter KernelTests
  fi
  for report in "$work"/reports/*; do
    if [ ! -f "$report" ]; then continue; fi
    echo "$report: $(grep -m 1 -E '^(SUMMARY|==[0-9]+==ERROR|WARNING: )' "$report")"
    failed=1
  done
done
if [ "$failed" = 0 ]; then echo 'no report of a sanitizer'; fi
exit "$failed"
