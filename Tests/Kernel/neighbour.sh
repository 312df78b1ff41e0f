#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# neighbour.sh COMMAND…
#
# Runs a command beside programs that create PID namespaces all the time: one after another, and some that live
# for a moment and are killed. They reuse the inums of ended namespaces, and free them again.
# Exits with the status of the command.
set -euo pipefail

one_after_another() {
  while :; do unshare --pid --fork true; done
}

some_at_a_time() {
  while :; do
    for _ in 1 2 3 4 5; do
      unshare --pid --fork --kill-child sh -c 'sleep 0.2 & wait; exit 3' &
    done
    wait
  done
}

# A process group each, to kill each with its children.
set -m
one_after_another &
neighbours=("$!")
some_at_a_time &
neighbours+=("$!")
set +m
trap 'kill -- "${neighbours[@]/#/-}"' EXIT

"$@"
