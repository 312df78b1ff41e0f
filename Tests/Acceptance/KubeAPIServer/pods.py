# SPDX-License-Identifier: Apache-2.0
"""Pods, made and kept as users, the scheduler and the kubelet do it."""
import concurrent.futures

from containers import new_id

IMAGE = "registry.example/app:1"


class Pod:
    """One that is on a node, and whose containers run."""

    def __init__(self, server, namespace, name, node, containers=("app",), init=(), annotations=None, account=""):
        self.namespace, self.name, self.containers, self.init = namespace, name, containers, init
        self.path = f"/api/v1/namespaces/{namespace}/pods/{name}"

        def spec(names):
            return [{"name": container, "image": IMAGE} for container in names]

        made = server.do("POST", self.path.rpartition("/")[0], {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "annotations": annotations or {}},
            "spec": {
                "nodeName": node, "serviceAccountName": account, "containers": spec(containers),
                "initContainers": spec(init)}})
        self.uid = made["metadata"]["uid"]
        self.ids = {container: new_id() for container in (*init, *containers)}

    def names(self, container):
        """The labels that a container of it has to have."""
        return self.namespace, self.name, container

    def report(self, server):
        """Says of each container which one it is, as the kubelet does once they run."""
        started = "2026-01-01T00:00:00Z"

        def status(name, state):
            return {
                "name": name, "image": IMAGE, "imageID": "", "ready": True, "restartCount": 0,
                "containerID": f"containerd://{self.ids[name]}", "state": state}

        ended = {"exitCode": 0, "startedAt": started, "finishedAt": started}
        server.do(
            "PATCH", f"{self.path}/status", {
                "status": {
                    "phase": "Running", "podIP": "10.22.0.9", "startTime": started,
                    "containerStatuses": [status(name, {"running": {"startedAt": started}}) for name in self.containers],
                    "initContainerStatuses": [
                        status(name, {"terminated": ended | {"containerID": f"containerd://{self.ids[name]}"}})
                        for name in self.init]}},
            kind="application/merge-patch+json")
        return self

    def delete(self, server):
        """Deletes it as a user does, and then as the kubelet does when its containers have ended."""
        server.do("DELETE", self.path)
        server.do("DELETE", self.path, {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0})


def in_parallel(function, items):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(function, items))
