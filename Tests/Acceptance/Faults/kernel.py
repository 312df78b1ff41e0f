# SPDX-License-Identifier: Apache-2.0
"""Faults of what it counts, and of other programs in the kernel."""
import os
import pathlib
import subprocess
import tempfile
import threading
import time

from checks import wait
from environment import EVENTS, OWN, Cgroup, Exporter, is_removed
from families import NODE
from processes import BOUND, start
from promises import Check, promise, running


def many_namespaces(env):
    """Namespaces as fast as possible, more than all limits."""
    number = env.arguments.namespaces
    finish = promise(
        env, f"{number:,} PID namespaces, eight at a time, as fast as possible, with a retention of 1 s",
        "the node's totals have every event; resident memory is bounded; nothing stays of them")
    exporter = Exporter(env, "--namespaces.retention=1s")
    with running(exporter.run()):
        # Each poll makes pages for some thousands of series: that memory is not growth.
        exporter.do("churn", "--namespaces", min(number, 5000), "--execs", 1)
        exporter.truth.counts.clear()
        check = Check(env, exporter)
        before = exporter.new_page()
        began = time.monotonic()
        # The end of a namespace waits for grace periods of RCU, so several at once.
        load = [exporter.begin("churn", "--namespaces", number // 8, "--execs", 1) for _ in range(8)]
        watcher = Sampler(check)
        for process in load:
            exporter.finish(process)
        seconds = time.monotonic() - began
        watcher.stop()
        wait("they are gone", lambda: exporter.page().series < before.series + 200, 120)
        page = check.complete(exact=False)
        check.problems += list(exporter.truth.node_differences(before, page))
        dropped = page["pidns_bpf_events_dropped_total"]
        early, late = watcher.part(1), watcher.part(4)
        # The namespaces of the last seconds vary by some hundred, each with 5 KiB. A short run does not last longer than them.
        check.expect(late <= early + 3 or number < 50_000, f"resident memory grows: {early:.1f} MB in the second fifth, {late:.1f} MB in the last")
        return finish(check.problems, f"{check.summary()}, {early:.1f} in the second fifth of the time and {late:.1f} in the last; {number / seconds:,.0f} namespaces a second, {dropped:,.0f} events in the totals only")


class Sampler:
    """Notes the memory all the time."""

    def __init__(self, check):
        self.check, self.ended, self.samples = check, threading.Event(), []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ended.wait(0.2):
            self.check.sample()
            self.samples.append(self.check.exporter.resident)

    def part(self, fifth):
        """The most in a fifth of the time, numbered from 0."""
        size = len(self.samples) // 5
        return max(self.samples[fifth * size:(fifth + 1) * size], default=0)

    def stop(self):
        self.ended.set()
        self.thread.join()


def full_map(env):
    """More namespaces at once than the map has room for."""
    finish = promise(
        env, "400 PID namespaces at once, with room for 64; then they end",
        "events without room are in the node's totals and in `pidns_bpf_events_dropped_total`; afterwards new namespaces have series again")
    with running(Exporter(env, "--bpf.map-entries=64", "--namespaces.retention=1s").run()) as exporter:
        # So that this program's own namespace has room for its exits.
        subprocess.run(["true"], check=True)
        check = Check(env, exporter)
        before = exporter.new_page()
        load, _ = hold(env, 400)
        page = exporter.new_page()
        counted = sum(page.by_pidns[family, pidns] for family in EVENTS for pidns in pids(page) if pidns != OWN)
        every = in_containers(page) - in_containers(before)
        dropped = page["pidns_bpf_events_dropped_total"]
        check.expect(dropped > 0, "nothing was dropped")
        check.expect(counted + dropped == every, f"{every} events, of which {counted} counted and {dropped} dropped")
        check.expect_log("raise --bpf.map-entries")
        output, _ = load.communicate(timeout=600)
        for line in output.splitlines():
            exporter.truth.add(line)
        check.problems += list(exporter.truth.node_differences(before, exporter.new_page()))
        wait("there is room", lambda: not set(pids(exporter.page())) - {OWN}, 120)
        dropped = exporter.page()["pidns_bpf_events_dropped_total"]
        exporter.truth.counts.clear()
        load, lines = hold(env, 2)
        for line in lines:
            exporter.truth.add(line)
        page = check.complete()
        load.communicate(timeout=600)
        later = exporter.new_page()["pidns_bpf_events_dropped_total"] - dropped
        check.expect(later == 0, f"{later} events are dropped although there is room")
        return finish(check.problems, f"{every:,.0f} events, {counted:,.0f} in series, the others in the totals only; none afterwards")


def hold(env, namespaces):
    """Begins namespaces that stay, and returns the process and the lines of their truth so far."""
    load = start(
        [env.workload, "hold", "--namespaces", str(namespaces), "--execs", "5"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    lines = []
    for line in iter(load.stdout.readline, '{"ready":true}\n'):
        assert line, "the workload has ended"
        lines.append(line)
    return load, lines


def in_containers(page):
    """The node's events without those of this program's own namespace."""
    return sum(page.in_containers(total).total() for total, family in NODE.items() if family in EVENTS)


def pids(page):
    """The numbers of the PID namespaces on a page."""
    return {pidns for _, pidns in page.by_pidns}


def renamed(env):
    """A container whose name changes all the time."""
    seconds = env.arguments.seconds
    finish = promise(
        env, f"a container of Docker is renamed as often as possible, for {seconds:.0f} s, while it executes programs",
        "every event is counted once, in all its series together; `--namespaces.max` bounds the series")
    identity = f"{time.time_ns():064d}"
    with tempfile.TemporaryDirectory(prefix="pidns-docker-") as root:
        folder = pathlib.Path(root, "containers", identity)
        folder.mkdir(parents=True)

        for number in range(50):
            pathlib.Path(root, str(number)).write_text(
                f'{{"ID":"{identity}","Name":"/name-{number}","Config":{{"Image":"shop:7"}}}}')

        def rename(number):
            os.link(f"{root}/{number % 50}", f"{folder}/new")
            os.rename(f"{folder}/new", f"{folder}/config.v2.json")
        rename(0)
        group = Cgroup("pids", f"docker-{identity}")
        # The exporter takes the container from the path.
        named = group.folder / f"docker-{identity}.scope"
        named.mkdir()
        try:
            exporter = Exporter(env, f"--docker.root={root}", "--namespaces.max=200")
            exporter.flags.remove("--no-local-names")
            with running(exporter.run()):
                check = Check(env, exporter)
                load = start(
                    ["sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', str(named), env.workload, "background", "--seconds", str(int(seconds))],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
                renames = 0
                while load.poll() is None:
                    renames += 1
                    rename(renames)
                    if renames % 1000 == 0:
                        check.sample()
                exporter.finish(load)
                page = check.complete()
                check.expect(page.values["pidns_namespaces"] <= 201, f"{page.values['pidns_namespaces']} series")
                check.expect("name-" in exporter.get("/metrics")[1], "no name was read")
                return finish(check.problems, f"{check.summary()}; {renames / seconds:,.0f} renames a second")
        finally:
            wait("its cgroup is removed", lambda: is_removed(named))
            group.remove()


def other_programs(env):
    """bpftrace follows the same tracepoints."""
    finish = promise(
        env, "bpftrace attaches to the same tracepoints, detaches, and is killed, three times, under load", "every event is counted once")
    script = "tracepoint:sched:sched_process_exec,tracepoint:sched:sched_process_fork,tracepoint:sched:sched_process_exit{@[probe]=count();}"
    if not os.path.ismount("/sys/kernel/tracing"):
        subprocess.run(["mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing"], check=True)
    with running(Exporter(env).run()) as exporter:
        check = Check(env, exporter)
        load = exporter.begin("background", "--seconds", 10)
        for kill in (False, True, False):
            tracer = subprocess.Popen(
                [*BOUND, "bpftrace", "-e", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            lines = [tracer.stdout.readline()]
            while lines[-1] and "Attaching" not in lines[-1]:
                lines.append(tracer.stdout.readline())
            assert lines[-1], "".join(lines)
            exporter.do("mixed", "--count", 100)
            if kill:
                tracer.kill()
            else:
                tracer.send_signal(2)
            tracer.communicate(timeout=120)
        exporter.finish(load)
        check.complete()
        return finish(check.problems, check.summary())


FAULTS = (many_namespaces, full_map, renamed, other_programs)
