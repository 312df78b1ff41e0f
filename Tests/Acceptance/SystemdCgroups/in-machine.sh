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

# suite NAME: runs a suite or a test, and requires that there is one.
suite() {
  NO_COLOR=1 /tests/pidns-exporterPackageTests.xctest --testing-library swift-testing --no-parallel --filter "KernelTests.$1" &&
    ! grep --quiet 'Test run with 0 tests' "$work/output"
}

main() {
  emit "fact uname $(uname -r)"
  check 'systemd manages cgroup v2' has_v2_only
  check 'pods with hostPID, with a shared PID namespace, and an ordinary one' suite PodMix/
  check 'the sandbox and the containers of a pod' suite Pods/separate
  check 'pods while the API server is unavailable' suite Pods/away
  check 'processes that move between cgroups' suite CgroupMoves/
  check 'services, and containers of shared namespaces' suite Parts/
  check 'limits that are reached' suite FullParts/
  check 'cgroups that are removed at once' suite PartLimits/removed
  emit end
}

exec </dev/null >/dev/ttyS1 2>&1
main
systemctl poweroff --force --force
