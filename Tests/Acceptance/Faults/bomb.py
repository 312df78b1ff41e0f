# SPDX-License-Identifier: Apache-2.0
"""bomb.py SECONDS

The init of a new PID namespace with a fork bomb. Each process of the bomb forks as fast as it can; one whose fork fails ends, and so makes
room for another one. Each writes a byte for every fork that succeeded, and one for every one that failed. Prints the truth as
pidns-workload does.
"""
import json
import os
import signal
import sys
import time


def bomb(until, pipe):
    """Runs in the first process of the bomb, and in all that descend from it."""
    is_first = True
    while time.monotonic() < until:
        try:
            child = os.fork()
        except OSError:
            os.write(pipe, b"-")
            if not is_first:
                break
            continue
        if child:
            os.write(pipe, b"+")
        else:
            is_first = False
    os._exit(0)


def main():
    # A zombie would take the room of a process.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    reading, writing = os.pipe()
    if not os.fork():
        os.close(reading)
        bomb(time.monotonic() + float(sys.argv[1]), writing)
    os.close(writing)
    forks, failed = 1, 0
    # Ends when the last process of the bomb has ended.
    while data := os.read(reading, 65536):
        forks, failed = forks + data.count(b"+"), failed + data.count(b"-")
    try:
        os.wait()
    except ChildProcessError:
        pass    # All have ended, and were reaped by the kernel.
    # /proc is that of the outer namespace, where this process has another number: the link is right nevertheless.
    namespace = int(os.readlink("/proc/self/ns/pid")[5:-1])
    # The init itself: a fork, an exec, and the exit that follows.
    print(json.dumps({
        "case": "bomb", "pidns": namespace, "execs": 1, "forks": forks + 1, "thread_starts": 0, "exits": forks + 1,
        "completed": forks + 1, "error": 0, "signaled": 0, "teardown": 0, "core_dumps": 0, "oom_kills": 0, "signals": {},
        "exit_codes": {"0": forks + 1}, "exec_failures": {}, "failed": failed}))


main()
