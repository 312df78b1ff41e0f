#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# neighbour.sh COMMAND…
#
# Runs a command beside programs that make PID namespaces all the time: one after another, and some that live on
# for a moment and are killed. They take the numbers of namespaces that ended, and free them for others.
# Exits as the command does.
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

# A group of processes each, so that each goes with its children.
set -m
one_after_another &
neighbours=("$!")
some_at_a_time &
neighbours+=("$!")
set +m
trap 'kill -- "${neighbours[@]/#/-}"' EXIT

"$@"
