#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Processes that report their identity before they exec, exit or die: the ground truth for the tests of exemplars.

Runs as the init of a PID namespace with the host's /proc. Prints JSON lines; after the one with "ready" there are no events
until stdin ends.

    processes.py kinds ROUNDS NAME   all kinds of ends, one after another, ROUNDS times; NAME (in hex) is the name of the
                                     processes. Each reports its kind, its PIDs, and the time
    processes.py storm ROUNDS        on all CPUs at the same time; a name has the PIDs: pid.ppid.host_pid, in hex
"""
import ctypes
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time

libc = ctypes.CDLL(None)
folder = os.fsencode(tempfile.mkdtemp())


def report(**facts):
    os.write(1, (json.dumps(facts) + "\n").encode())


def numbers():
    """Returns the results of getpid and getppid, and the PID in the host's /proc."""
    return {"pid": os.getpid(), "ppid": os.getppid(), "host_pid": int(os.readlink("/proc/self"))}


def rename(name):
    libc.prctl(15, name, 0, 0, 0)  # PR_SET_NAME


def execute(name):
    """Execs a program under a name, which exits with 1."""
    path = os.path.join(folder, name)
    os.symlink("/bin/false", path)
    os.execv(path, [b"false"])


def kill_self(number):
    os.kill(os.getpid(), number)


ENDS = {
    "execs": execute,
    "completed": lambda name: os._exit(0),
    "error": lambda name: os._exit(3),
    "SIGSEGV": lambda name: kill_self(signal.SIGSEGV),
    "SIGKILL": lambda name: kill_self(signal.SIGKILL),
}


def process(body):
    """Runs a function in a new process, and waits for its end."""
    child = os.fork()
    if child == 0:
        try:
            body()
        finally:
            os._exit(99)
    os.waitpid(child, 0)


def kinds(rounds, name):
    def body(kind, end):
        rename(name)
        report(kind=kind, time=time.time(), **numbers())
        end(name)

    for _ in range(rounds):
        for kind, end in ENDS.items():
            process(lambda: body(kind, end))
            if kind == "execs":
                os.unlink(os.path.join(folder, name))


def own_name():
    return "{pid:x}.{ppid:x}.{host_pid:x}".format(**numbers()).encode()


def storm(rounds):
    def body(end):
        name = own_name()
        rename(name)
        end(name)

    def worker():
        ends = list(ENDS.values())
        rename(own_name())
        for number in range(rounds):
            process(lambda: body(ends[number % len(ends)]))
        os._exit(0)

    rename(own_name())
    workers = []
    for _ in range(2 * os.cpu_count()):
        child = os.fork()
        if child == 0:
            worker()
        workers.append(child)
    for child in workers:
        os.waitpid(child, 0)


resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
report(pidns=os.stat("/proc/self/ns/pid").st_ino)
# Not the init: its children have the parent PID 1, whatever an exemplar reads.
shell = os.fork()
if shell == 0:
    if sys.argv[1] == "kinds":
        kinds(int(sys.argv[2]), bytes.fromhex(sys.argv[3]))
    else:
        storm(int(sys.argv[2]))
    report(ready=True, time=time.time())
    sys.stdin.read()
    os._exit(0)
os.waitpid(shell, 0)
shutil.rmtree(folder)
