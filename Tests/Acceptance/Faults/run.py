#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Causes faults around the exporter, and checks that it keeps its promises. See README.md.

Needs root, and namespaces of its own:
unshare --net --pid --mount --mount-proc --fork --kill-child run.py EXPORTER WORKLOAD
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Support/Checks"))
from checks import exit_on_signals
from environment import Environment, unmount
import clients
import hangs
import kernel
import resources
import restarts

FAULTS = {fault.__name__.replace("_", "-"): fault for module in (restarts, resources, hangs, kernel, clients) for fault in module.FAULTS}
# Concerns the whole machine, so it runs only if it is named. `make test-packages` does it in a virtual machine.
OF_THE_MACHINE = "cpu-hotplug"
# Wait for minutes until something is noticed; unit tests have the same with shorter times.
SLOW = ("hung-poller", "api-server-outage")
QUICK_NAMESPACES = 4000


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exporter", type=pathlib.Path)
    parser.add_argument("workload", type=pathlib.Path)
    parser.add_argument("--faults", help=f"faults, separated by commas (all but {OF_THE_MACHINE}, which concerns the whole machine)")
    parser.add_argument("--quick", action="store_true", help=f"as in `make test`: without {' and '.join(SLOW)}, which wait for minutes, and with {QUICK_NAMESPACES} namespaces")
    parser.add_argument("--kills", type=int, default=10, help="how often it is killed (10)")
    parser.add_argument("--stop", type=float, default=15, help="seconds for which it is stopped (15)")
    parser.add_argument("--namespaces", type=int, default=100_000, help="namespaces that begin and end (100000)")
    parser.add_argument("--seconds", type=float, default=5, help="duration of faults that go on for some time (5)")
    parser.add_argument("--growth", type=float, default=8, help="MB by which resident memory may grow (8)")
    arguments = parser.parse_args()
    if arguments.faults is None:
        arguments.faults = ",".join(name for name in FAULTS if name != OF_THE_MACHINE and not (arguments.quick and name in SLOW))
    if arguments.quick:
        arguments.namespaces = QUICK_NAMESPACES
    return arguments


def run(env, name):
    """Runs a fault, and returns its problems."""
    env.current = name
    began = time.monotonic()
    try:
        problems = list(FAULTS[name](env) or ())
    except Exception:
        problems = [traceback.format_exc()]
    print(f"{'FAILED' if problems else 'ok    '}  {name} ({time.monotonic() - began:.0f} s)", flush=True)
    for problem in problems[:20]:
        print(f"        {problem}", flush=True)
    return problems


def main():
    arguments = parse()
    exit_on_signals()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    failed = 0
    names = arguments.faults.split(",")
    with tempfile.TemporaryDirectory(prefix="pidns-faults-") as folder:
        env = Environment(str(arguments.exporter.absolute()), str(arguments.workload.absolute()), folder, arguments)
        try:
            for name in names:
                failed += bool(run(env, name))
        finally:
            unmount(folder)
    print(env.table())
    if OF_THE_MACHINE not in names:
        print(f"Not among them: {OF_THE_MACHINE}, which concerns the whole machine; name it with --faults")
    print(f"{len(names) - failed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
