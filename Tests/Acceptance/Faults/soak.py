#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Runs the exporter for hours under a load that changes, with restarts and scrapes in all formats, and checks that what it uses stays
flat, that no scrape fails, and that every counter family of the ground truth equals it. See README.md.

Needs root, and namespaces of its own:
unshare --net --pid --mount --mount-proc --fork --kill-child soak.py EXPORTER WORKLOAD
"""
import argparse
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Support/Checks"))
from checks import exit_on_signals
from environment import Environment, Exporter, unmount
from families import FLAGS

FORMATS = {
    "text": {"Accept": "text/plain; version=0.0.4"}, "OpenMetrics": {"Accept": "application/openmetrics-text; version=1.0.0"},
    "protobuf": {"Accept": "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"},
    "gzip": {"Accept-Encoding": "gzip"}, "status page": None}
LOADS = (
    ("mixed", "--count", 200), ("churn", "--namespaces", 50, "--execs", 5), ("background", "--seconds", 5), ("signals",),
    ("threads-exit-group", "--count", 50, "--threads", 4), ("exit-codes",), ("exec-failure", "--count", 60),
    ("hold", "--namespaces", 100, "--execs", 2), ("nested", "--count", 20), ("double-fork", "--count", 50),
    ("init-exits", "--count", 10, "--threads", 2), ("core-dump", "--count", 2), ("oom",), None)
# The exit status of pidns-workload if the machine lacks a requirement of the case.
LACKING = 3
# Seconds between two restarts, on average; a kill and a stop in turn.
RESTART = 120
# What the first minute of a process uses is no measure.
WARM_UP = 30
# By how much the last quarter of the time may exceed the first: in its median, and for the descriptors and map entries, which follow
# connections and the load, in the least.
ALLOWED = {"resident memory, MB": 2, "least descriptors": 0, "threads": 0, "least map entries": 20, "series": None}
# Series stay to the end, because all counts are compared then: each kind of event that another inum has for the first time adds
# some. In MB, with a page in each format.
MEMORY_OF_SERIES = 0.6 / 1024


class Scraper:
    """Scrapes in all formats in turn, but not while the exporter restarts."""

    def __init__(self, exporter):
        self.exporter, self.lock = exporter, threading.Lock()
        self.done, self.problems, self.ended = 0, [], threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.ended.wait(0.5):
            for name, headers in FORMATS.items():
                with self.lock:
                    try:
                        path, headers = ("/", {}) if headers is None else ("/metrics", headers)
                        # A scraper, as its header says.
                        status = self.exporter.status_of(path, {"X-Prometheus-Scrape-Timeout-Seconds": "10", **headers})
                        if status != 200:
                            self.problems.append(f"{name}: {status}")
                    except OSError as error:
                        self.problems.append(f"{name}: {error}")
                    self.done += 1

    def stop(self):
        self.ended.set()
        self.thread.join()


class Samples:
    """What the exporter uses, over time."""

    def __init__(self):
        self.values = {name: [] for name in ALLOWED}

    def take(self, exporter):
        page = exporter.page()
        found = exporter.resident, exporter.descriptors, exporter.status("Threads"), page["pidns_bpf_map_entries"], page.series
        for values, value in zip(self.values.values(), found):
            values.append(value)

    def rows(self):
        """Yields name, medians of the first and the last quarter, maximum, and whether the difference is allowed."""
        first, last = self.quarter("series", first=True), self.quarter("series", first=False)
        allowed = ALLOWED | {"series": last - first}
        allowed["resident memory, MB"] += max(0, last - first) * MEMORY_OF_SERIES
        for name, values in self.values.items():
            first, last = self.quarter(name, first=True), self.quarter(name, first=False)
            yield name, first, last, max(values), last <= first + allowed[name]

    def quarter(self, name, first):
        """The typical value of the first or the last quarter."""
        values = self.values[name]
        number = max(1, len(values) // 4)
        typical = min if name.startswith("least") else statistics.median
        return typical(values[:number] if first else values[-number:])


def supported(exporter):
    """Runs each load once, so that every family has events, and returns those that the machine supports."""
    found = []
    for load in LOADS:
        if load is None or exporter.finish(exporter.begin(*load), (0, LACKING)) == 0:
            found.append(load)
        else:
            print(f"the machine lacks a requirement of {load[0]}", flush=True)
    return found


def compare(exporter, before):
    """Prints the events of each family, and returns what is not equal: by PID namespace, and in the node's totals."""
    truth, page = exporter.truth, exporter.new_page()
    print("| family | events in the ground truth |")
    print("|---|---|")
    for family in truth.families:
        compared = "" if family in page.families else ", not counted by this kernel"
        print(f"| `{family}` | {truth.total(family).total():,}{compared} |")
    return list(truth.differences(page)) + list(truth.node_differences(before, page))


def soak(exporter, hours, seed):
    """Returns the samples, the scraper and the number of restarts."""
    numbers = random.Random(seed)
    exporter.do("mixed", "--count", 100)
    exporter.run()
    known = supported(exporter)
    scraper, samples, restarts = Scraper(exporter), Samples(), 0
    until = time.monotonic() + hours * 3600
    started = time.monotonic()
    next_restart = started + RESTART
    try:
        while time.monotonic() < until:
            chosen = [load for load in numbers.choices(known, k=numbers.randint(1, 3)) if load]
            loads = [exporter.begin(*load) for load in chosen]
            if not loads:
                time.sleep(numbers.uniform(1, 10))
            if time.monotonic() > next_restart:
                with scraper.lock:
                    restarts += 1
                    exporter.process.send_signal(signal.SIGKILL if restarts % 2 else signal.SIGTERM)
                    exporter.process.wait(120)
                    time.sleep(numbers.uniform(0, 2))
                    exporter.run()
                started = time.monotonic()
                next_restart = started + numbers.uniform(0.5, 1.5) * RESTART
            for load in loads:
                exporter.finish(load)
            if time.monotonic() > started + WARM_UP:
                samples.take(exporter)
    finally:
        scraper.stop()
    return samples, scraper, restarts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exporter", type=pathlib.Path)
    parser.add_argument("workload", type=pathlib.Path)
    parser.add_argument("--hours", type=float, default=1)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    arguments = parser.parse_args()
    exit_on_signals()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pidns-soak-") as folder:
        env = Environment(str(arguments.exporter.absolute()), str(arguments.workload.absolute()), folder, arguments)
        env.current = "soak"
        exporter = Exporter(env, "--poll.interval=1s", *FLAGS.values(), pinned=True)
        try:
            before = exporter.run().new_page()
            exporter.kill()
            samples, scraper, restarts = soak(exporter, arguments.hours, arguments.seed)
            problems = scraper.problems[:20] + compare(exporter, before)[:20]
            print("| what | first quarter | last quarter | most |")
            print("|---|---|---|---|")
            for name, first, last, most, is_flat in samples.rows():
                print(f"| {name} | {first:.1f} | {last:.1f} | {most:.1f} |")
                if not is_flat:
                    problems.append(f"{name} rose from {first:.1f} to {last:.1f}")
            if exporter.stop() != 0:
                problems.append("the exporter did not exit with 0")
        finally:
            unmount(folder)
    for problem in problems:
        print(f"FAILED  {problem}")
    print(f"{exporter.truth.events:,} events, {scraper.done:,} scrapes, {restarts} restarts, {len(problems)} problems")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
