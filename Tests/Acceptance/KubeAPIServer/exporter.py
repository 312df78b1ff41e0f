# SPDX-License-Identifier: Apache-2.0
"""The exporter as it is shipped, and what it shows."""
import os
import pathlib
import re
import signal
import subprocess
import urllib.request

from cluster import ADDRESS, wait
from processes import start

SERVICE_ACCOUNT = pathlib.Path("/run/secrets/kubernetes.io/serviceaccount")


class ServiceAccountFiles:
    """The files that a pod has of its service account, replaced as the kubelet replaces them: by one link."""

    def __init__(self, authority):
        SERVICE_ACCOUNT.mkdir(parents=True)
        self.authority = pathlib.Path(authority).read_bytes()
        self.number = 0
        for name in ("token", "ca.crt"):
            (SERVICE_ACCOUNT / name).symlink_to(f"..data/{name}")

    def write(self, token):
        self.number += 1
        folder = SERVICE_ACCOUNT / f"..{self.number}"
        folder.mkdir()
        (folder / "token").write_text(token)
        (folder / "ca.crt").write_bytes(self.authority)
        (SERVICE_ACCOUNT / "..data_tmp").symlink_to(folder.name)
        (SERVICE_ACCOUNT / "..data_tmp").rename(SERVICE_ACCOUNT / "..data")


class Metrics:
    def __init__(self, text):
        self.samples = []
        for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE):
            self.samples.append((name, dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)), float(value)))

    def values(self, metric, **labels):
        return [
            (found, value) for name, found, value in self.samples
            if name == metric and labels.items() <= found.items()]

    def value(self, metric, **labels):
        """The sum over what has these labels."""
        return sum(value for _, value in self.values(metric, **labels))

    def names(self, container):
        """Namespace, pod and container of a container's id; nil where it is not shown. The inum of its PID namespace would not
        do: what has ended is still shown, and the kernel gives its inum to others."""
        found = self.values("pidns_info", container_id=container)
        return tuple(found[0][0][label] for label in ("namespace", "pod", "container")) if found else None

    def errors(self, reason):
        return self.value("pidns_kubernetes_watch_errors_total", reason=reason)


class Exporter:
    def __init__(self, program, folder, port, node, *flags, api_port=None):
        environment = dict(os.environ, NODE_NAME=node)
        if api_port:
            environment |= {"KUBERNETES_SERVICE_HOST": ADDRESS, "KUBERNETES_SERVICE_PORT": str(api_port)}
        self.url = f"http://127.0.0.1:{port}/metrics"
        self.log_file = pathlib.Path(folder, f"exporter-{port}.log")
        with open(self.log_file, "wb") as log:
            self.process = start(
                [program, f"--web.listen-address=127.0.0.1:{port}", "--labels.grace=1s", "--no-local-names", *flags],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait("the exporter answers", self.answers)

    def answers(self):
        assert self.process.poll() is None, f"the exporter ended: {self.log()}"
        try:
            return self.metrics()
        except OSError:
            return None

    def metrics(self):
        with urllib.request.urlopen(self.url, timeout=10) as answer:
            return Metrics(answer.read().decode())

    def log(self):
        return self.log_file.read_text()

    def wait(self, what, holds, **options):
        """The metrics, once holds(metrics) is true."""
        seen = []

        def look():
            seen[:] = [self.metrics()]
            return holds(seen[0])

        try:
            wait(what, look, **options)
        except AssertionError as error:
            shown = [(labels, value) for name, labels, value in seen[0].samples if name.startswith("pidns_kubernetes")]
            raise AssertionError(f"{error}; {shown}") from error
        return seen[0]

    def wait_for_pods(self, count):
        return self.wait(f"pidns_kubernetes_pods is {count}", lambda now: now.value("pidns_kubernetes_pods") == count)

    def wait_for_names(self, container, *names):
        return self.wait(f"{container} is {names}", lambda now: now.names(container) == names)

    def wait_for_error(self, reason, more_than=0, **options):
        return self.wait(f"an error is counted as {reason}", lambda now: now.errors(reason) > more_than, **options)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)
