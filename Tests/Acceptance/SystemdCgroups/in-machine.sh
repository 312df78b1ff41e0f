#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# in-machine.sh
#
# Runs in the virtual machine, as a service of its systemd: runs kernel suites. Prints `ok` or `FAILED` for each.
set -uo pipefail
test=/systemd-cgroups
work=/tmp
# shellcheck source=Tests/Support/Checks/checks.sh
. "$test/checks.sh"
# shellcheck source=Tests/Support/Machine/inside.sh
. "$test/inside.sh"

# has_v2_only: whether systemd manages cgroup v2, without v1.
has_v2_only() { [ "$(stat --file-system --format=%T /sys/fs/cgroup)" = cgroup2fs ]; }

# suite NAME: runs a suite, and requires that it has tests.
suite() {
  NO_COLOR=1 /tests/pidns-exporterPackageTests.xctest --testing-library swift-testing --no-parallel --filter "KernelTests.$1/" &&
    ! grep --quiet 'Test run with 0 tests' "$work/output"
}

main() {
  emit "fact uname $(uname -r)"
  check 'systemd manages cgroup v2' has_v2_only
  check 'containers of pods with hostPID, with a shared PID namespace, and of an ordinary pod are exact' suite PodMix
  check 'processes that move between cgroups' suite CgroupMoves
  check 'services and containers of shared namespaces' suite Parts
  check 'limits that are reached' suite FullParts
  check 'pods of all kinds' suite Pods
  check 'names of pods' suite Names
  emit end
}

exec </dev/null >/dev/ttyS1 2>&1
main
systemctl poweroff --force --force
