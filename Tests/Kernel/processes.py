#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Processes that say who they are before they exec, exit or die: the truth for the tests of exemplars.

Is the init of a pid namespace that has the host's /proc. Prints JSON lines; the one with "ready" says that nothing
happens from then on, until stdin ends.

    processes.py kinds ROUNDS NAME   all ends, one after another, ROUNDS times; NAME (in hex) is what the processes are
                                     called. Each says what becomes of it, its numbers, and the time
    processes.py storm ROUNDS        on all CPUs at once; a name says the numbers: pid.ppid.host_pid, in hex
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


def say(**facts):
    os.write(1, (json.dumps(facts) + "\n").encode())


def numbers():
    """What getpid and getppid say, and the number that the host's /proc has."""
    return {"pid": os.getpid(), "ppid": os.getppid(), "host_pid": int(os.readlink("/proc/self"))}


def rename(name):
    libc.prctl(15, name, 0, 0, 0)  # PR_SET_NAME


def execute(name):
    """Execs a program that exits with 1, under a name."""
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
    """Runs it in a process of its own, to the end of that."""
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
        say(kind=kind, time=time.time(), **numbers())
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
say(pidns=os.stat("/proc/self/ns/pid").st_ino)
# Not the init: what that starts has the number 1 for its parent, whatever is read.
shell = os.fork()
if shell == 0:
    if sys.argv[1] == "kinds":
        kinds(int(sys.argv[2]), bytes.fromhex(sys.argv[3]))
    else:
        storm(int(sys.argv[2]))
    say(ready=True, time=time.time())
    sys.stdin.read()
    os._exit(0)
os.waitpid(shell, 0)
shutil.rmtree(folder)
