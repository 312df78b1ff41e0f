# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus over samples that are written before it starts."""

import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import synthetic

EMPTY = "global: {scrape_interval: 1h}\n"


class Prometheus:
    """Use it in a `with`: it ends the process and removes the data."""

    def __init__(self, **selection):
        self.selection = selection

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(self.folder.name)
        exposition = root / "exposition.txt"
        with exposition.open("w") as file:
            synthetic.write(file, **self.selection)
        made = subprocess.run(
            ["promtool", "tsdb", "create-blocks-from", "openmetrics", exposition, root / "data"], capture_output=True, text=True)
        if made.returncode:
            raise RuntimeError(made.stdout + made.stderr)
        (root / "prometheus.yml").write_text(EMPTY)
        self.log = (root / "log").open("w+")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={root}/prometheus.yml", f"--storage.tsdb.path={root}/data",
             "--storage.tsdb.retention.time=100y", "--web.listen-address=127.0.0.1:0"],
            stdout=self.log, stderr=subprocess.STDOUT)
        try:
            self.address = f"http://127.0.0.1:{self._port()}"
            while not self._is_ready():
                time.sleep(0.05)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def instant(self, query):
        """Returns a value by label set."""
        return {_labels(one): float(one["value"][1]) for one in self._get("query", query=query, time=synthetic.END)}

    def range(self, query):
        """Returns values by label set, over all samples that there are."""
        start = synthetic.END - (synthetic.SAMPLES - 1) * synthetic.STEP
        found = self._get("query_range", query=query, start=start, end=synthetic.END, step=60)
        return {_labels(one): [(at, float(value)) for at, value in one["values"]] for one in found}

    def _get(self, path, **parameters):
        try:
            with urllib.request.urlopen(f"{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}") as response:
                return json.load(response)["data"]["result"]
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from None

    def _is_ready(self):
        self._must_run()
        try:
            return urllib.request.urlopen(f"{self.address}/-/ready").status == 200
        except urllib.error.HTTPError:
            return False

    def _port(self):
        """The kernel has chosen it: the one socket of the process that listens."""
        while True:
            self._must_run()
            folder = pathlib.Path(f"/proc/{self.process.pid}/fd")
            inodes = set()
            for name in os.listdir(folder):
                try:
                    inodes.add(os.readlink(folder / name).removeprefix("socket:[").removesuffix("]"))
                except FileNotFoundError:
                    continue
            for line in pathlib.Path(f"/proc/{self.process.pid}/net/tcp").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[9] in inodes:
                    return int(fields[1].split(":")[1], 16)
            time.sleep(0.05)

    def _must_run(self):
        if self.process.poll() is not None:
            self.log.seek(0)
            raise RuntimeError(f"prometheus ended: {self.log.read()}")


def _labels(one):
    return frozenset(one["metric"].items())
