# SPDX-License-Identifier: Apache-2.0
"""The exporter under test, events whose number is known, and cgroups."""
import collections
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

from checks import wait
from families import FAMILIES, FLAGS, NODE, parts, sample
from processes import BOUND, start

PORT = 10059
PINS = "bpf/pidns"
# Families in which each event is counted once.
EVENTS = ("pidns_process_execs_total", "pidns_process_forks_total", "pidns_thread_starts_total", "pidns_process_exits_total")
# The PID namespace of this program, whose events nobody knows the number of.
OWN = int(os.readlink("/proc/self/ns/pid")[5:-1])
# The families by their samples.
COUNTS = {sample(family): family for family in (*FAMILIES, *NODE)}


class Page:
    """The samples of a page, added up by name, by name and PID namespace, and by family, PID namespace (None for the node) and part."""

    def __init__(self, text):
        self.values, self.by_pidns = collections.Counter(), collections.Counter()
        self.counts = collections.defaultdict(collections.Counter)
        for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE):
            self.values[name] += float(value)
            pidns = re.search(r'\bpidns="(\d+)"', labels)
            pidns = int(pidns[1]) if pidns else None
            if pidns:
                self.by_pidns[name, pidns] += float(value)
            if (family := COUNTS.get(name)) and float(value):
                label = FAMILIES[NODE.get(family, family)][1]
                part = re.search(rf'\b{label}="([^"]*)"', labels)[1] if label else None
                self.counts[family, pidns][part] += float(value)
        self.series = text.count("\n") - text.count("\n#")
        # The families that the kernel supports.
        refused = 'pidns_bpf_program_attached{program="execve_failed"} 0\n' in text
        self.families = [family for family in FAMILIES if family != "pidns_process_exec_failures_total" or not refused]

    def __getitem__(self, name):
        return self.values[name]

    def __contains__(self, name):
        return name in self.values

    def in_containers(self, total):
        """Returns one of the node's totals without the events of this program's own namespace, by part."""
        counts = collections.Counter(self.counts[total, None])
        counts.subtract(self.counts[NODE[total], OWN])
        return counts

    @property
    def began(self):
        """When the poll began, in seconds since the epoch."""
        return self["pidns_last_poll_timestamp_seconds"] - self["pidns_poll_duration_seconds"]


class Truth:
    """The events that have been made, by PID namespace, family and part. Successive namespaces may have the same number."""

    def __init__(self, flags):
        """flags: those of the exporter, which select the families to compare."""
        self.families = [family for family in FAMILIES if FLAGS.get(family) in (None, *flags)]
        self.counts = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
        self.events = 0

    def add(self, line):
        """Adds a line of pidns-workload."""
        truth = json.loads(line)
        if "case" not in truth:
            return
        for family in self.families:
            self.counts[truth["pidns"]][family].update(parts(truth, family))
        self.events += sum(sum(parts(truth, family).values()) for family in EVENTS)

    def total(self, family):
        """Returns the events of all namespaces, by part."""
        return sum((counts[family] for counts in self.counts.values()), collections.Counter())

    def differences(self, page):
        """Yields each count of the page that is not equal."""
        for pidns, done in self.counts.items():
            for family in set(self.families).intersection(page.families):
                yield from differences(f"{family} of {pidns}", done[family], page.counts[family, pidns])

    def node_differences(self, before, after):
        """Yields each of the node's totals whose increase between two pages is not equal."""
        for total, family in NODE.items():
            # What this program's own namespace has of it is known by its series.
            if family in self.families:
                counted = after.in_containers(total)
                counted.subtract(before.in_containers(total))
                yield from differences(total, self.total(family), counted)


def differences(what, done, counted):
    """Yields the parts of a family that are not equal."""
    for part in done.keys() | counted.keys():
        if done[part] != counted[part]:
            yield f"{what}{f' ({part})' if part else ''}: {done[part]} done, {counted[part]:.0f} counted"


class Cgroup:
    """A cgroup of one controller of version 1, or of version 2."""

    def __init__(self, controller, name):
        mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
        first = [mount[1] for mount in mounts if mount[2] == "cgroup" and controller in mount[3].split(",")]
        self.is_first = bool(first)
        root = pathlib.Path((first or [mount[1] for mount in mounts if mount[2] == "cgroup2"])[0])
        if not self.is_first:
            (root / "cgroup.subtree_control").write_text(f"+{controller}")
        self.folder = root / name
        self.folder.mkdir()

    def set(self, first, second, value):
        """Writes to the file that each version has; None for none."""
        if name := first if self.is_first else second:
            (self.folder / name).write_text(str(value))

    def add(self, pid):
        (self.folder / "cgroup.procs").write_text(str(pid))

    def wrapper(self):
        """A command that runs its arguments in the cgroup."""
        return ["sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', str(self.folder)]

    def remove(self):
        wait(f"{self.folder} is empty", lambda: not (self.folder / "cgroup.procs").read_text())
        wait(f"{self.folder} is removed", lambda: is_removed(self.folder))


def is_removed(folder):
    """Removes a cgroup, if it is empty."""
    try:
        folder.rmdir()
        return True
    except OSError:
        return False


class Exporter:
    """An exporter with what it must have counted. It can be killed and started again."""

    def __init__(self, env, *flags, pinned=False, wrapper=()):
        self.env, self.truth, self.wrapper = env, Truth(flags), list(wrapper)
        self.folder = pathlib.Path(env.folder)
        self.flags = [
            f"--web.listen-address=127.0.0.1:{PORT}", "--namespaces.scope=own", "--poll.interval=200ms", "--labels.grace=0s",
            "--namespaces.retention=1d", "--no-local-names", *flags]
        if pinned:
            shutil.rmtree(self.folder / "state", ignore_errors=True)
            (self.folder / "state").mkdir(mode=0o700)
            self.flags += [f"--bpf.pin={self.folder}/{PINS}", f"--state.file={self.folder}/state/state"]
        self.pinned = pinned
        self.log_file = self.folder / f"{env.current}.log"
        self.log_file.write_text("")
        self.process, self.loads = None, []

    def launch(self, log=None, **options):
        """Starts the process."""
        with open(log or self.log_file, "ab") as file:
            self.process = start(
                [*self.wrapper, self.env.exporter, *self.flags], stdin=subprocess.DEVNULL, stdout=file, stderr=file, **options)
        return self

    def run(self, **options):
        """Starts it, and returns when it is ready."""
        self.launch(**options)
        wait("the exporter is ready", self.is_ready)
        return self

    def is_ready(self):
        assert self.process.poll() is None, f"the exporter has ended with {self.process.returncode}: {self.log()[-2000:]}"
        try:
            return self.get("/-/ready")[0] == 200
        except OSError:
            return False

    def get(self, path, timeout=60, **headers):
        """Returns status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=timeout)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def status_of(self, path, headers, timeout=60):
        """Returns the status of an answer that was read whole."""
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=timeout)
        try:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            response.read()
            return response.status
        finally:
            connection.close()

    def health(self):
        """Returns the status of /-/healthy, the state, and the disturbances of the last five minutes, which any machine may have."""
        status, line = self.get("/-/healthy")
        state, _, disturbances = line.removesuffix(".\n").partition(". In the last five minutes: ")
        return status, state, disturbances.split("; ") if disturbances else []

    def is_healthy(self):
        return self.health()[:2] == (200, "Healthy")

    def page(self):
        status, body = self.get("/metrics")
        assert status == 200, f"/metrics answers {status}"
        return Page(body)

    def new_page(self):
        """Returns a page whose poll and task scan began after this call."""
        since = time.time()
        found = []

        def is_new():
            found[:] = [self.page()]
            return found[0].began > since and found[0]["pidns_last_task_walk_timestamp_seconds"] > since
        wait("the exporter polls", is_new)
        return found[0]

    def log(self):
        return self.log_file.read_text(errors="replace")

    def status(self, key):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{key}:\s+(\d+)", text, re.MULTILINE)[1])

    @property
    def resident(self):
        """Resident memory in MB."""
        return self.status("VmRSS") / 1024

    @property
    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def do(self, *case, **options):
        """Makes events in namespaces of their own, and waits for their end."""
        done = subprocess.run(
            [*BOUND, *options.pop("wrapper", ()), self.env.workload, *map(str, case)], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, check=False, **options)
        assert done.returncode == 0, f"{case}: {done.returncode}"
        for line in done.stdout.splitlines():
            self.truth.add(line)

    def begin(self, *case):
        """Begins to make events. Call finish() with the result."""
        process = start(
            [self.env.workload, *map(str, case)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.loads.append(process)
        return process

    def finish(self, process, accepted=(0,)):
        """Waits for the end of begin(), and returns the exit status, which must be one of the accepted ones."""
        lines = process.communicate(timeout=1800)[0].splitlines()
        # `hold` prints the truth so far before its ready line.
        ready = max((number for number, line in enumerate(lines) if line == '{"ready":true}'), default=-1)
        for line in lines[ready + 1:]:
            self.truth.add(line)
        assert process.returncode in accepted, f"{process.args} ended with {process.returncode}"
        return process.returncode

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Stops it, removes its pins, and returns its exit status."""
        for load in self.loads:
            load.kill()
        self.process.send_signal(signal.SIGTERM)
        self.process.send_signal(signal.SIGCONT)
        try:
            status = self.process.wait(120)
        except subprocess.TimeoutExpired:
            # The next fault needs its port.
            self.process.kill()
            raise
        if self.pinned:
            subprocess.run([self.env.exporter, "unpin", f"{self.folder}/{PINS}"], check=False, stderr=subprocess.DEVNULL)
        return status


class Environment:
    def __init__(self, exporter, workload, folder, arguments):
        self.exporter, self.workload, self.folder, self.arguments = exporter, workload, folder, arguments
        self.current = ""
        self.rows = []
        pathlib.Path(folder, "bpf").mkdir()
        subprocess.run(["mount", "-t", "bpf", "-o", "mode=0700", "bpf", f"{folder}/bpf"], check=True)

    def row(self, done, promised, happened):
        """Adds a row to the table."""
        self.rows.append((self.current, done, promised, happened))

    def table(self):
        lines = ["| fault | what was done | what is promised | what happened |", "|---|---|---|---|"]
        return "\n".join(lines + [f"| `{' | '.join(row).replace(' |', '` |', 1)} |" for row in self.rows])


def unused_connections(number, request=b""):
    """Connections from another address that send something and read nothing."""
    found = []
    for _ in range(number):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.bind(("127.0.0.2", 0))
        connection.connect(("127.0.0.1", PORT))
        connection.send(request)
        found.append(connection)
    return found


def unmount(folder):
    for point in ("bpf", "small"):
        if os.path.ismount(f"{folder}/{point}"):
            subprocess.run(["umount", "--lazy", f"{folder}/{point}"], check=False)
