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

machines=("$@")
if [ $# = 0 ]; then
  if is_bookworm; then machines+=(bookworm); fi
  machines+=(trixie)
fi
for machine in "${machines[@]}"; do run_part Tests/Acceptance/SystemdCgroups/machine.sh "$machine"; done
summarise_parts
