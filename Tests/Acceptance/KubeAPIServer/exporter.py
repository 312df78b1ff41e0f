# SPDX-License-Identifier: Apache-2.0
"""The shipped exporter, and its metrics."""
import os
import pathlib
import re
import urllib.error
import urllib.request

from checks import wait
from cluster import ADDRESS
from processes import Service

SERVICE_ACCOUNT = pathlib.Path("/run/secrets/kubernetes.io/serviceaccount")


class ServiceAccountFiles:
    """The service account files of a pod, which are replaced like the kubelet does, by one symbolic link."""

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
        """Returns the sum of all samples with these labels."""
        return sum(value for _, value in self.values(metric, **labels))

    def names(self, container):
        """Returns namespace, pod and container of a container id; None if it is not exposed. The inum does not identify a container:
        ended ones are still exposed, and the kernel reuses their inums."""
        found = self.values("pidns_info", container_id=container)
        return tuple(found[0][0][label] for label in ("namespace", "pod", "container")) if found else None

    def errors(self, reason):
        return self.value("pidns_kubernetes_watch_errors_total", reason=reason)


def in_pod(api_port):
    """Returns the variables that a pod has."""
    return {"KUBERNETES_SERVICE_HOST": ADDRESS, "KUBERNETES_SERVICE_PORT": str(api_port)}


class GuardedExporter(Service):
    """An exporter that requires tokens, as in a pod, without the pod watch."""

    def __init__(self, program, folder, port, api_port):
        super().__init__(
            f"exporter-{port}",
            [program, f"--web.listen-address=127.0.0.1:{port}", "--no-local-names", "--web.kubernetes-auth"],
            folder, f"http://127.0.0.1:{port}", "/-/ready", env=os.environ | in_pod(api_port))

    def status(self, token=None, path="/metrics", method="GET"):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            with urllib.request.urlopen(
                    urllib.request.Request(self.url + path, headers=headers, method=method), timeout=60) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code


class Exporter(Service):
    def __init__(self, program, folder, port, node, *flags, api_port=None):
        environment = dict(os.environ, NODE_NAME=node)
        if api_port:
            environment |= in_pod(api_port)
        super().__init__(
            f"exporter-{port}",
            [program, f"--web.listen-address=127.0.0.1:{port}", "--labels.grace=1s", "--no-local-names", *flags],
            folder, f"http://127.0.0.1:{port}", "/metrics", env=environment)

    def metrics(self):
        return Metrics(self.get("/metrics"))

    def wait(self, what, holds, **options):
        """Returns the metrics once holds(metrics) is true."""
        seen = []

        def poll():
            seen[:] = [self.metrics()]
            return holds(seen[0])

        try:
            wait(what, poll, **options)
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
