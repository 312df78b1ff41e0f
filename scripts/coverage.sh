#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# coverage.sh [unit]
#
# Measures the line coverage of each module by its tests: the unit tests, then the kernel tests as root. `unit` leaves out the kernel tests.
# Prints a table, names modules and files below 90 %, and fails if a module is below. The executable is named, but may be below. `unit` does not
# fail: without the kernel tests, the modules that need the kernel are below.
#
# The counts are in a file that is mapped from the start of a process (continuous mode: %c), so those of confined and of killed exporters
# are in it, too. A confined process could not open a file at its end.
set -euo pipefail
cd "$(dirname "$0")/.."

least=90
folder=.build/coverage
profiles=$PWD/$folder/profiles
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
sudo=()
if [ "$(id -u)" != 0 ]; then sudo=(sudo); fi

echo 'Building with coverage'
swift build --build-tests --enable-code-coverage -Xswiftc -Xllvm -Xswiftc -runtime-counter-relocation --scratch-path "$folder" >"$folder.log" 2>&1 || {
  tail -n 30 "$folder.log" >&2
  exit 1
}
rm -rf "$profiles"
mkdir -p "$profiles"
chmod 1777 "$profiles"
bundle=$(echo "$folder"/debug/*PackageTests.xctest)
environment=(NO_COLOR=1 LLVM_PROFILE_FILE="$profiles/%p%c.profraw")

# A test that fails has covered lines, too: it is another target that decides.
echo 'Running the unit tests'
env "${environment[@]}" "$bundle" --testing-library swift-testing --skip KernelTests >"$folder/unit.log" 2>&1 ||
  echo "unit tests failed: see $folder/unit.log"
if [ "${1-}" != unit ]; then
  echo 'Running the kernel tests'
  "${sudo[@]}" env "${environment[@]}" PIDNS_RACES=2000 "$bundle" \
    --testing-library swift-testing --no-parallel --filter KernelTests >"$folder/kernel.log" 2>&1 ||
    echo "kernel tests failed: see $folder/kernel.log"
fi

"$tools/llvm-profdata" merge --sparse --failure-mode=warn -o "$folder/all.profdata" "$profiles"/*.profraw
"$tools/llvm-cov" export --summary-only --instr-profile "$folder/all.profdata" "$bundle" \
  --object "$folder/debug/pidns-exporter" --object "$folder/debug/pidns-confinement-probe" \
  --ignore-filename-regex '\.build/|Tests/|Benchmarks/|Plugins/' >"$folder/summary.json"
python3 -B scripts/coverage.py "$least" "$PWD/Sources" <"$folder/summary.json" || [ "${1-}" = unit ]
