#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [bookworm|trixie…]
#
# Runs kernel suites about cgroups in machines with these Debians, where systemd manages cgroup v2, and adds up their results. The last line is
# `N passed, N failed`. A program that was built on Debian 13 needs its libraries, so the default there is Debian 13.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=Tests/Support/Machine/parts.sh
. Tests/Support/Machine/parts.sh

run_machines Tests/Acceptance/SystemdCgroups/machine.sh "$@"
