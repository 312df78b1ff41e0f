#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [--seconds=N] [TARGET…]   fuzzes targets, all by default, one after the other, N seconds each (60)
# run.sh TARGET FILE…              runs inputs, such as those of findings
# run.sh --list                    prints the targets
#
# The last line of each target has its executions, its coverage, and its findings. Inputs that reach new code stay in
# .build/fuzz/corpus for the next time. A finding ends its target; its input is in .build/fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=60 targets=() files=()
for argument; do
  case $argument in
    --seconds=*) seconds=${argument#*=} ;;
    --list) targets+=(--list) ;;
    -*)
      echo "run.sh: unknown flag $argument" >&2
      exit 2
      ;;
    *) if [ -f "$argument" ]; then files+=("$argument"); else targets+=("$argument"); fi ;;
  esac
done

work=.build/fuzz
# The runtimes of sanitizers and libFuzzer are in the toolchain. Its linker is needed, as GNU's gold fails on them.
resources=$(swiftc -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
libfuzzer=$(echo "$resources"/clang/lib/linux/libclang_rt.fuzzer_no_main-*.a)
export PIDNS_LIBFUZZER=$libfuzzer
# Optimized, because an input should take microseconds; with assertions and AddressSanitizer.
build=(swift build -c release --sanitize=address --scratch-path "$work/build" --product pidns-fuzz)
build+=(-Xswiftc -enable-testing -Xswiftc -assert-config -Xswiftc Debug -Xswiftc -use-ld=lld)
# shellcheck disable=SC2054 # the commas are of the option
build+=(-Xswiftc -sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table)
mkdir -p "$work"
"${build[@]}" >"$work/build.log" 2>&1 || {
  tail -n 30 "$work/build.log" >&2
  exit 1
}
program=$work/build/release/pidns-fuzz

# Swift's own report of a crash hides it from libFuzzer.
export SWIFT_BACKTRACE=enable=no

# For code that reads files by their paths. In memory, if possible.
memory=/dev/shm
if [ ! -w "$memory" ]; then memory=${TMPDIR:-/tmp}; fi
TMPDIR=$(mktemp --directory --tmpdir="$memory" pidns-fuzz.XXXXXX)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

if [ ${#files[@]} != 0 ] || [ "${targets[*]}" = --list ]; then
  "$program" "${targets[@]}" "${files[@]}"
  exit
fi
if [ ${#targets[@]} = 0 ]; then mapfile -t targets < <("$program" --list); fi

mkdir -p "$work/findings"
found=0
for target in "${targets[@]}"; do
  seeds=Tests/Fuzz/Corpus/$target dictionary=Tests/Fuzz/Dictionaries/$target.dict log=$work/$target.log
  mkdir -p "$work/corpus/$target"
  # An input that takes five minutes or 1 GiB is a finding, too.
  options=(-max_total_time="$seconds" -timeout=300 -rss_limit_mb=1024 -print_final_stats=1)
  options+=(-artifact_prefix="$work/findings/$target-")
  if [ -f "$dictionary" ]; then options+=(-dict="$dictionary"); fi
  status=0
  "$program" "$target" "${options[@]}" "$work/corpus/$target" "$seeds" >"$log" 2>&1 || status=$?
  executions=$(awk '/^stat::number_of_executed_units:/ { print $2 }' "$log")
  coverage=$(awk '{ for (i = 2; i < NF; i++) if ($i == "cov:") last = $(i + 1) } END { print last }' "$log")
  echo "$target: ${executions:-0} executions, ${coverage:-0} edges covered, $([ "$status" = 0 ] && echo 'no finding' || echo 'a finding')"
  if [ "$status" = 0 ]; then continue; fi
  found=1
  file=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  echo "finding in $target: $(grep -m 1 -E 'Fatal error|ERROR: ' "$log" | cut -c1-300); reproduce: make fuzz ARGS='$target ${file:-: see $log}'"
done
exit "$found"
