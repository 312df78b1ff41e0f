#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [bookworm|trixie…]
#
# Runs the tests of units in machines with these Debians, and adds up their results. The last line is `N passed, N failed`. A program that was built
# on Debian 13 needs its libraries, so the default there is Debian 13.
set -euo pipefail
cd "$(dirname "$0")/../../.."
# shellcheck source=Tests/Support/Machine/parts.sh
. Tests/Support/Machine/parts.sh

run_machines Tests/Acceptance/Units/machine.sh "$@"
