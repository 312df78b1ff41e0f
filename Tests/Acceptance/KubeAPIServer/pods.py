# SPDX-License-Identifier: Apache-2.0
"""Pods, with the writes of users, the scheduler and the kubelet."""
import concurrent.futures

from containers import new_id

IMAGE = "registry.example/app:1"


class Pod:
    """A pod on a node with running containers."""

    def __init__(self, server, namespace, name, node, containers=("app",), init=(), annotations=None, account=""):
        self.namespace, self.name, self.containers, self.init = namespace, name, containers, init
        self.path = f"/api/v1/namespaces/{namespace}/pods/{name}"

        def spec(names):
            return [{"name": container, "image": IMAGE} for container in names]

        made = server.call("POST", self.path.rpartition("/")[0], {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "annotations": annotations or {}},
            "spec": {
                "nodeName": node, "serviceAccountName": account, "containers": spec(containers),
                "initContainers": spec(init)}})
        self.uid = made["metadata"]["uid"]
        self.ids = {container: new_id() for container in (*init, *containers)}

    def names(self, container):
        """Returns the expected labels of a container."""
        return self.namespace, self.name, container

    def report(self, server):
        """Reports the ids of the running containers, as the kubelet does."""
        started = "2026-01-01T00:00:00Z"

        def status(name, state):
            return {
                "name": name, "image": IMAGE, "imageID": "", "ready": True, "restartCount": 0,
                "containerID": f"containerd://{self.ids[name]}", "state": state}

        ended = {"exitCode": 0, "startedAt": started, "finishedAt": started}
        server.call(
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
        """Deletes it as a user does, then as the kubelet does when its containers have ended."""
        server.call("DELETE", self.path)
        server.call("DELETE", self.path, {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0})


def in_parallel(function, items):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return list(pool.map(function, items))
