# SPDX-License-Identifier: Apache-2.0
"""Time series databases that scrape the exporter, and what they have stored."""
import json
import pathlib
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request

# Processes that end with this one.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "KubeAPIServer"))
from processes import start

RULES = pathlib.Path(__file__).resolve().parents[3] / "dashboards/recording.rules.yml"
EXPORTER_PORT = 10059
# The exporter tells scrapers apart by address, among other things. Who connects to one of the machine's own addresses does so from that
# address. So each job has one of its own, as if it ran on another machine.
ADDRESS = "192.0.2.{}"


def wait(what, holds, patience=120):
    """What holds() returns, once that is true."""
    deadline = time.monotonic() + patience
    while not (value := holds()):
        assert time.monotonic() < deadline, f"{patience} s and still not so: {what}"
        time.sleep(0.1)
    return value


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


def file_name(name):
    return name.replace(" ", "-")


class Process:
    """A program, with its log in a folder."""

    def __init__(self, name, command, folder, url, ready):
        self.name, self.log_file, self.url = name, pathlib.Path(folder, f"{file_name(name)}.log"), url
        with open(self.log_file, "wb") as log:
            self.process = start(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait(f"{name} answers", lambda: self.answers(ready))

    def answers(self, path):
        assert self.process.poll() is None, f"{self.name} has ended: {self.log()}"
        try:
            return get(self.url + path)
        except OSError:
            return None

    def log(self):
        return self.log_file.read_text()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Exporter(Process):
    def __init__(self, program, folder):
        # As by default, and all collectors.
        super().__init__("exporter", [
            program, f"--web.listen-address=:{EXPORTER_PORT}", "--collector.exit-codes", "--collector.exec-failures",
            "--lifetimes.per-namespace"], folder, f"http://127.0.0.1:{EXPORTER_PORT}", "/-/ready")

    def metrics(self):
        """Values by name and labels, as they are written."""
        lines = self.answers("/metrics").splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    def wait_for_poll(self):
        """Returns once a poll has ended that began after this call: when, in seconds since the epoch."""
        now = time.time()

        def polled():
            metrics = self.metrics()
            end = metrics["pidns_last_poll_timestamp_seconds"]
            return end if end - metrics["pidns_poll_duration_seconds"] > now else None
        return wait("the exporter polls", polled)

    def counts_failed_execs(self):
        """Whether the kernel has not refused the program that this needs."""
        return self.metrics()['pidns_bpf_program_attached{program="execve_failed"}'] == 1


class Job:
    """A scrape job: where its samples are, and how they are asked for."""

    def __init__(self, server, scraper, interval, *, labels="", native=False, extrapolates=True):
        # Where the samples are, and who has scraped them.
        self.server, self.scraper, self.interval = server, scraper, interval
        # Whether histograms are native ones, and whether increase() extrapolates.
        self.native, self.extrapolates = native, extrapolates
        self.labels = f'job="{job_name(scraper, interval)}"{labels}'

    @property
    def is_original(self):
        """Whether the samples are where they were scraped."""
        return self.server.name == self.scraper

    def __str__(self):
        by = "" if self.is_original else f" by {self.scraper}"
        return f"{self.server.name}{by}, every {self.interval} s"

    def selector(self, metric, labels=""):
        return f"{metric}{{{','.join(filter(None, (self.labels, labels)))}}}"

    def samples(self, metric, seconds, at, labels=""):
        """The stored samples of a metric: for each series its labels and (time, value) in order; of a native histogram the
        value is its count."""
        found = []
        for series in self.server.query(f"{self.selector(metric, labels)}[{seconds}s]", at):
            values = [(stamp, float(value)) for stamp, value in series.get("values", [])]
            values += [(stamp, float(value["count"])) for stamp, value in series.get("histograms", [])]
            found.append((series["metric"], sorted(values)))
        return found

    def scrapes(self, since):
        """How many scrapes of this job are stored that began after a moment."""
        now = time.time()
        return sum(
            stamp > since for _, samples in self.samples("up", int(now - since) + 2, now) for stamp, _ in samples)


class Server(Process):
    """A database that answers PromQL."""

    def query(self, expression, at):
        """The result of an instant query at a moment."""
        parameters = urllib.parse.urlencode({"query": expression, "time": f"{at:.3f}", "nocache": 1})
        result = json.loads(get(f"{self.url}/api/v1/query?{parameters}"))["data"]["result"]
        for series in result:
            # VictoriaMetrics also shows the markers of what went stale.
            if "values" in series:
                series["values"] = [sample for sample in series["values"] if sample[1] != "NaN"]
        return [series for series in result if series.get("values", True)]

    def values(self, expression, at):
        return [(series["metric"], float(series["value"][1])) for series in self.query(expression, at)]

    def value(self, expression, at):
        """The value of what yields one series."""
        [(_, value)] = self.values(expression, at)
        return value


def job_name(scraper, interval):
    return f"{scraper}-{interval}s"


def scrape_configs(name, number, intervals):
    """A job for each interval, each with an address of its own."""
    return [{
        "job_name": job_name(name, interval), "honor_labels": True, "scrape_interval": f"{interval}s",
        "scrape_timeout": f"{interval}s",
        "static_configs": [{"targets": [f"{ADDRESS.format(10 * number + index)}:{EXPORTER_PORT}"]}],
    } for index, interval in enumerate(intervals)]


class Prometheus(Server):
    """One, with one job for each interval.

    features: what --enable-feature names. remote_write: where it writes all that it stores, and what the recording rules make of
    it."""

    def __init__(self, cache, folder, name, number, intervals, features=(), remote_write=None):
        data = pathlib.Path(folder, file_name(name))
        # Several Prometheus have labels that tell them apart. These also shift the moments at which they scrape.
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
    """One that scrapes by itself, and takes what others write to it."""

    def __init__(self, cache, folder, name, number, intervals):
        data = pathlib.Path(folder, file_name(name))
        data.mkdir()
        (data / "scrape.yml").write_text(json.dumps(
            {"scrape_configs": scrape_configs(name, number, intervals)}))
        port = 9090 + number
        super().__init__(name, [
            f"{cache}/run", f"-promscrape.config={data}/scrape.yml", f"-storageDataPath={data}/data",
            f"-httpListenAddr=127.0.0.1:{port}",
            # Else its caches take most of the machine's memory.
            "-memory.allowedBytes=256MB",
            # Queries find what has just been stored.
            "-search.latencyOffset=1ms", "-search.disableCache"], folder, f"http://127.0.0.1:{port}", "/health")
        self.jobs = [Job(self, name, interval, extrapolates=False) for interval in intervals]

    def written_by(self, prometheus):
        """The jobs that a Prometheus writes to this one."""
        return [
            Job(self, job.scraper, job.interval, labels=f',replica="{job.scraper}"', extrapolates=False)
            for job in prometheus.jobs]


def versions(cache):
    """What a fetched Prometheus calls itself, by folder."""
    found = {}
    for folder in pathlib.Path(cache).glob("prometheus-*"):
        text = subprocess.run([f"{folder}/run", "--version"], check=True, capture_output=True, text=True)
        words = (text.stdout + text.stderr).split()
        found[folder.name] = words[2].partition("+")[0]
    return found


def add_addresses():
    """Has the loopback interface have the addresses of all jobs."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for number in range(10, 100):
        subprocess.run(["ip", "address", "add", f"{ADDRESS.format(number)}/32", "dev", "lo"], check=True)
