# SPDX-License-Identifier: Apache-2.0
"""Time series databases that scrape the exporter, and their samples."""
import json
import pathlib
import subprocess
import time
import urllib.parse

from checks import wait
from processes import Service

RULES = pathlib.Path(__file__).resolve().parents[3] / "dashboards/recording.rules.yml"
EXPORTER_PORT = 10059
# The exporter identifies a scraper by its address, among other things. A connection to one of the machine's addresses has that
# source address. So each job scrapes its own address, as if it ran on another machine.
ADDRESS = "192.0.2.{}"


class Exporter(Service):
    def __init__(self, program, folder):
        # The defaults, plus all collectors.
        super().__init__("exporter", [
            program, f"--web.listen-address=:{EXPORTER_PORT}", "--collector.exit-codes", "--collector.exec-failures",
            "--lifetimes.per-namespace"], folder, f"http://127.0.0.1:{EXPORTER_PORT}", "/-/ready")

    def metrics(self):
        """Returns the values by name and labels, as written."""
        lines = self.get("/metrics").splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    def wait_for_poll(self):
        """Waits for a poll that starts after this call, and returns its end in seconds since the epoch."""
        now = time.time()

        def polled():
            metrics = self.metrics()
            end = metrics["pidns_last_poll_timestamp_seconds"]
            return end if end - metrics["pidns_poll_duration_seconds"] > now else None
        return wait("the exporter polls", polled)

    def counts_failed_execs(self):
        """Whether the kernel supports the collector of failed execs."""
        return self.metrics()['pidns_bpf_program_attached{program="execve_failed"}'] == 1


class Job:
    """A scrape job, with the server that stores its samples and the queries for them."""

    def __init__(self, server, scraper, interval, *, labels="", native=False, extrapolates=True):
        # The server that stores the samples, and the name of the one that scraped them.
        self.server, self.scraper, self.interval = server, scraper, interval
        # Whether histograms are native, and whether increase() extrapolates.
        self.native, self.extrapolates = native, extrapolates
        self.labels = f'job="{job_name(scraper, interval)}"{labels}'

    @property
    def is_original(self):
        """Whether the server has scraped the samples itself."""
        return self.server.name == self.scraper

    def __str__(self):
        by = "" if self.is_original else f" by {self.scraper}"
        return f"{self.server.name}{by}, every {self.interval} s"

    def selector(self, metric, labels=""):
        return f"{metric}{{{','.join(filter(None, (self.labels, labels)))}}}"

    def samples(self, metric, seconds, at, labels=""):
        """Returns the stored samples of a metric: the labels of each series, and (time, value) in order. The value of a native
        histogram is its count."""
        found = []
        for series in self.server.query(f"{self.selector(metric, labels)}[{seconds}s]", at):
            values = [(stamp, float(value)) for stamp, value in series.get("values", [])]
            values += [(stamp, float(value["count"])) for stamp, value in series.get("histograms", [])]
            found.append((series["metric"], sorted(values)))
        return found

    def scrapes(self, since):
        """Returns the number of stored scrapes after a time."""
        now = time.time()
        return sum(
            stamp > since for _, samples in self.samples("up", int(now - since) + 2, now) for stamp, _ in samples)


class Server(Service):
    """A database with PromQL."""

    def query(self, expression, at):
        """Returns the result of an instant query at a time."""
        parameters = urllib.parse.urlencode({"query": expression, "time": f"{at:.3f}", "nocache": 1})
        result = json.loads(self.get(f"/api/v1/query?{parameters}"))["data"]["result"]
        for series in result:
            # VictoriaMetrics also returns staleness markers.
            if "values" in series:
                series["values"] = [sample for sample in series["values"] if sample[1] != "NaN"]
        return [series for series in result if series.get("values", True)]

    def values(self, expression, at):
        return [(series["metric"], float(series["value"][1])) for series in self.query(expression, at)]

    def value(self, expression, at):
        """Returns the value of an expression with one series."""
        [(_, value)] = self.values(expression, at)
        return value


def job_name(scraper, interval):
    return f"{scraper}-{interval}s"


def scrape_configs(name, number, intervals):
    """Returns a job for each interval, each with its own address."""
    return [{
        "job_name": job_name(name, interval), "honor_labels": True, "scrape_interval": f"{interval}s",
        "scrape_timeout": f"{interval}s",
        "static_configs": [{"targets": [f"{ADDRESS.format(10 * number + index)}:{EXPORTER_PORT}"]}],
    } for index, interval in enumerate(intervals)]


class Prometheus(Server):
    """A Prometheus with a job for each interval.

    features: those of --enable-feature. remote_write: the URL for all samples, those of the recording rules included."""

    def __init__(self, cache, folder, name, number, intervals, features=(), remote_write=None):
        data = pathlib.Path(folder, name.replace(" ", "-"))
        # External labels distinguish the servers, and also shift their scrape times.
        configuration = {
            "global": {"external_labels": {"replica": name}},
            "scrape_configs": scrape_configs(name, number, intervals)}
        if remote_write:
            configuration["remote_write"] = [{"url": remote_write}]
            configuration["global"]["evaluation_interval"] = "5s"
            configuration["rule_files"] = [str(RULES)]
        data.mkdir()
        (data / "prometheus.yml").write_text(json.dumps(configuration))
        port = 9090 + number
        flags = [f"--enable-feature={','.join(features)}"] if features else []
        super().__init__(name, [
            f"{cache}/run", f"--config.file={data}/prometheus.yml", f"--storage.tsdb.path={data}/data",
            f"--web.listen-address=127.0.0.1:{port}", *flags], folder, f"http://127.0.0.1:{port}", "/-/ready")
        native = "native-histograms" in features
        self.jobs = [Job(self, name, interval, native=native) for interval in intervals]


class VictoriaMetrics(Server):
    """A VictoriaMetrics that scrapes, and receives remote writes."""

    def __init__(self, cache, folder, name, number, intervals):
        data = pathlib.Path(folder, name.replace(" ", "-"))
        data.mkdir()
        (data / "scrape.yml").write_text(json.dumps(
            {"scrape_configs": scrape_configs(name, number, intervals)}))
        port = 9090 + number
        super().__init__(name, [
            f"{cache}/run", f"-promscrape.config={data}/scrape.yml", f"-storageDataPath={data}/data",
            f"-httpListenAddr=127.0.0.1:{port}",
            # Without a limit, its caches use most of the machine's memory.
            "-memory.allowedBytes=256MB",
            # Queries return the newest samples.
            "-search.latencyOffset=1ms", "-search.disableCache"], folder, f"http://127.0.0.1:{port}", "/health")
        self.jobs = [Job(self, name, interval, extrapolates=False) for interval in intervals]

    def written_by(self, prometheus):
        """Returns the jobs that a Prometheus writes to this one."""
        return [
            Job(self, job.scraper, job.interval, labels=f',replica="{job.scraper}"', extrapolates=False)
            for job in prometheus.jobs]


def versions(cache):
    """Returns the versions of the fetched Prometheus servers, by folder."""
    found = {}
    for folder in pathlib.Path(cache).glob("prometheus-*"):
        text = subprocess.run([f"{folder}/run", "--version"], check=True, capture_output=True, text=True)
        words = (text.stdout + text.stderr).split()
        found[folder.name] = words[2].partition("+")[0]
    return found


def add_addresses():
    """Adds the addresses of all jobs to the loopback interface."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for number in range(10, 100):
        subprocess.run(["ip", "address", "add", f"{ADDRESS.format(number)}/32", "dev", "lo"], check=True)
