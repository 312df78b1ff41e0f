# SPDX-License-Identifier: Apache-2.0
"""One exporter, the databases that scrape it, and the containers that it counts."""
import time

from checks import wait
from comparison import Comparison
from containers import Containers, at_once
from engines import Exporter, Prometheus, VictoriaMetrics, versions
from families import FAMILIES

INTERVALS = (1, 5, 15)
NATIVE = ("native-histograms",)
START = (*NATIVE, "created-timestamp-zero-ingestion")


class Environment:
    def __init__(self, exporter, workload, cache, folder):
        self.programs, self.cache, self.folder = (exporter, workload), cache, folder
        self.servers, self.exporter = [], None
        self.comparisons = []

    def prometheus(self, folder, label="", **options):
        """Starts a Prometheus, named by its version."""
        name = f"Prometheus {self.versions[folder]}{label}"
        number = len(self.servers) + 1
        server = Prometheus(f"{self.cache}/{folder}", self.folder, name, number, **options)
        self.servers.append(server)
        return server

    def run(self):
        """Starts everything, runs all containers, and waits until the databases have scraped the last one."""
        self.versions = versions(self.cache)
        exporter, workload = self.programs
        self.exporter = Exporter(exporter, self.folder)
        # The exporter has no series of a collector that the kernel rejects.
        self.refused = set() if self.exporter.counts_failed_execs() else {"pidns_process_exec_failures_total"}
        self.victoria = VictoriaMetrics(f"{self.cache}/victoria-metrics-newest", self.folder, "VictoriaMetrics", 1, (5,))
        self.servers.append(self.victoria)
        # Each requests its preferred format: OpenMetrics by default.
        self.oldest = self.prometheus(
            "prometheus-bookworm", intervals=INTERVALS, remote_write=f"{self.victoria.url}/api/v1/write")
        self.prometheus("prometheus-newest", intervals=INTERVALS)
        # Protobuf with these features.
        self.prometheus("prometheus-trixie", " native", intervals=INTERVALS, features=NATIVE)
        self.prometheus("prometheus-newest", " native", intervals=INTERVALS, features=NATIVE)
        self.starts = self.prometheus("prometheus-newest", " starts", intervals=INTERVALS, features=START)
        self.jobs = [job for server in self.servers for job in server.jobs] + self.victoria.written_by(self.oldest)
        self.since = time.time()
        self.wait_for_scrapes(self.jobs, self.since)
        print(f"{len(self.servers)} databases scrape", flush=True)
        self.make_containers(workload)

    def wait_for_scrapes(self, jobs, since, count=1):
        for job in jobs:
            wait(f"{job} has scraped", lambda job=job: job.scrapes(since) >= count)

    def make_containers(self, workload):
        containers = self.containers = Containers(workload)
        self.crashing = at_once(4, [(containers.crashing,) for _ in range(20)])
        self.others = at_once(2, [(containers.run, *case.split()) for case in (
            "signals", "core-dump", "exit-codes", "exec-failure --count 20", "oom", "threads-barrier --count 20",
            "init-exits", "lifetimes --count 300")])
        self.lifetimes = self.others[-1]
        print(f"{len(self.crashing)} containers crashed, {len(self.others)} had other events", flush=True)
        first = at_once(8, [(containers.of_any_length, seed) for seed in range(100)])
        self.exporter.wait_for_poll()
        self.start_late()
        second = at_once(8, [(containers.of_any_length, seed) for seed in range(100, 200)])
        self.before_late = self.crashing + self.others + first
        self.after_late = second
        self.short = first + second
        self.all = self.before_late + second
        print(f"{len(self.short)} containers lived for 50 ms to 3 s", flush=True)
        # The first scrape after a poll has new series at 0, the second one their values.
        self.polled = self.exporter.wait_for_poll()
        self.wait_for_scrapes(self.jobs + self.late_jobs + self.late_starts.jobs, self.polled, 2)
        self.at = time.time()

    def start_late(self):
        since = time.time()
        late = [
            self.prometheus("prometheus-bookworm", " late", intervals=(5,)),
            self.prometheus("prometheus-newest", " late", intervals=(5,))]
        self.late_jobs = [job for server in late for job in server.jobs]
        self.late_starts = self.prometheus("prometheus-newest", " late starts", intervals=(5,), features=START)
        self.wait_for_scrapes(self.late_jobs + self.late_starts.jobs, since)

    @property
    def intervals(self):
        return INTERVALS

    @property
    def seconds(self):
        """The seconds since the first scrape."""
        return int(self.at - self.since) + 1

    def families(self):
        """The exposed counter families."""
        return [family for family in FAMILIES if family not in self.refused]

    def native_jobs(self):
        return [job for job in self.jobs if job.native]

    def compare(self, what, job, containers, **options):
        """Compares a job's samples of some containers with the ground truth. The table has a row for it."""
        comparison = Comparison(job, containers, self.since, self.at, refused=self.refused, **options)
        self.comparisons.append((what, comparison))
        return comparison

    def table(self):
        """Returns the sums of each job: of all counter families, and of signal deaths."""
        measured = "last minus first | increase()"
        lines = [
            f"| containers | database, interval | events | {measured} | signal deaths | {measured} |",
            "|---|---|---|---|---|---|---|---|"]
        for what, comparison in self.comparisons:
            deaths = comparison.sums["pidns_process_signal_deaths_total"]
            every = map(sum, zip(*comparison.sums.values()))
            cells = " | ".join(f"{number:.1f}".removesuffix(".0") for number in (*every, *deaths))
            lines.append(f"| {what} | {comparison.job} | {cells} |")
        return "\n".join(lines)

    def stop(self):
        for process in reversed([self.exporter, *self.servers]):
            if process:
                process.stop()
