# SPDX-License-Identifier: Apache-2.0
"""Containers with the ground truth of pidns-workload. Each is a PID namespace in a cgroup that names it, in the form of LXC."""
import concurrent.futures
import json
import os
import pathlib
import random
import secrets
import subprocess
import time

from families import parts

# The processes that make the namespaces are in the containers' cgroups, too, but in the host's namespace.
IN_CONTAINERS = 'container=~"prometheus-.+",pidns!="4026531836"'


class Container:
    """The ground truth of a container that has ended."""

    def __init__(self, name, truth, earliest, latest):
        self.name, self.truth = name, truth
        # The bounds of its start, in seconds since the epoch.
        self.earliest, self.latest = earliest, latest

    def parts(self, family):
        """Returns the counts by label value, or under None without a label; parts at 0 are left out."""
        return parts(self.truth, family)


def hierarchy():
    """Returns the cgroup hierarchy that the exporter reads: v1's pids, else v2."""
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    pids = [mount[1] for mount in mounts if mount[2] == "cgroup" and "pids" in mount[3].split(",")]
    return (pids or [mount[1] for mount in mounts if mount[2] == "cgroup2"])[0]


class Containers:
    def __init__(self, workload):
        self.workload = workload
        # Unique among runs.
        self.prefix = f"prometheus-{secrets.token_hex(4)}"
        self.root = hierarchy()
        self.made = 0

    def run(self, *case):
        """Runs a case of pidns-workload that creates its own namespace, in a container's cgroup."""
        return self._run([self.workload, *case], 0)

    def run_as_init(self, milliseconds, *case):
        """Runs a case of pidns-workload as the init of a new namespace, for at least some milliseconds."""
        return self._run(["unshare", "--pid", "--fork", "--kill-child", self.workload, *case], milliseconds)

    def _run(self, command, milliseconds):
        self.made += 1
        name = f"{self.prefix}-{self.made}"
        folder = f"{self.root}/lxc.payload.{name}"
        os.mkdir(folder)
        try:
            earliest = time.time()
            # Without a parent-death signal, which would be sent when the starting thread ends.
            done = subprocess.run(
                ["sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', folder, *command],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
            assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr}"
            return Container(name, json.loads(done.stdout.splitlines()[-1]), earliest, time.time() - milliseconds / 1000)
        finally:
            remove(folder)

    def crashing(self):
        """Lives for one second, in which five processes die of SIGSEGV."""
        return self.run_as_init(996, "crash-loop", "--hold-ms", "249", "--seconds", "1")

    def of_any_length(self, seed):
        """Lives for 50 ms to 3 s, with execs, threads, failures and kills."""
        numbers = random.Random(seed)
        milliseconds = numbers.randint(50, 3000)
        options = {
            "--count": numbers.randint(1, 9), "--execs": numbers.randint(1, 9), "--threads": numbers.randint(1, 4),
            "--hold-ms": milliseconds}
        return self.run_as_init(milliseconds, "container", *(str(word) for option in options.items() for word in option))


def remove(folder):
    """Removes a cgroup, whose processes may still be exiting."""
    for _ in range(100):
        try:
            return os.rmdir(folder)
        except OSError:
            time.sleep(0.1)
    return os.rmdir(folder)


def at_once(number, tasks):
    """Returns the results of tasks, which run in `number` threads."""
    with concurrent.futures.ThreadPoolExecutor(number) as pool:
        return [future.result() for future in [pool.submit(*task) for task in tasks]]
