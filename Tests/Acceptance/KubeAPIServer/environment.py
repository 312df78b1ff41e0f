# SPDX-License-Identifier: Apache-2.0
"""The environment of the tests: a cluster, its pods, and their containers."""
import pathlib

import yaml

from cluster import APIServer, Certificates, Etcd
from containers import Containers
from exporter import Exporter, ServiceAccountFiles
from pods import Pod, in_parallel

ROOT = pathlib.Path(__file__).resolve().parents[3]
MANIFEST = ROOT / "deploy/kubernetes/daemonset.yaml"
TOKEN_AUTH = ROOT / "deploy/kubernetes/components/token-auth/rbac.yaml"
ACCOUNTS = "/api/v1/namespaces/pidns-exporter/serviceaccounts"
ACCOUNT = f"{ACCOUNTS}/pidns-exporter"
# The user of the second exporter, by a client certificate.
IDLE_USER = "idle-node-reader"
USER = "system:serviceaccount:pidns-exporter:pidns-exporter"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
# The number of pods on the watched node, and on another one.
PODS, OTHER_PODS = 600, 200


class Environment:
    """Two API servers over one etcd. The exporter under test uses the first one, which fails. A second exporter, of a node
    without events, uses the second one, which does not fail."""

    def __init__(self, program, cache, folder):
        self.program, self.folder = program, folder
        certificates = self.certificates = Certificates(folder)
        self.etcd = Etcd(f"{cache}/etcd/usr/bin/etcd", folder)
        server = next(pathlib.Path(cache).glob("kube-apiserver-*/kube-apiserver"))
        self.server = APIServer(server, folder, certificates, 6443)
        self.second = APIServer(server, folder, certificates, 6444)
        self.containers = Containers(folder)
        self.files = ServiceAccountFiles(certificates.authority)
        self.exporter = self.idle = self.guarded = None
        self.pods = {}

    def start(self):
        self.server.start()
        self.second.start()
        documents = list(yaml.safe_load_all(MANIFEST.read_text()))
        self.binding = next(document for document in documents if document["kind"] == "ClusterRoleBinding")
        self.role = next(document for document in documents if document["kind"] == "ClusterRole")
        self.server.apply(document for document in documents if document is not self.binding)
        self.server.apply(
            {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
            for kind, name in (("Namespace", "shop"), ("Namespace", "games"), ("Node", "node"), ("Node", "other"),
                               ("Node", "idle")))
        self.server.apply([self.binding | {
            "metadata": {"name": "idle"},
            "subjects": [{"kind": "User", "name": IDLE_USER, "apiGroup": "rbac.authorization.k8s.io"}]}])
        self.account_uid = self.server.call("GET", ACCOUNT)["metadata"]["uid"]
        self.files.write(self.token())
        self.create_pods()

    def token(self, pod=None, account="pidns-exporter", seconds=3600):
        """Requests a token as the kubelet does, by default for the exporter. A token that is bound to a pod expires with it. Two tokens of
        the same second differ only by their lifetime."""
        spec = {"expirationSeconds": seconds}
        if pod:
            spec["boundObjectRef"] = {"kind": "Pod", "apiVersion": "v1", "name": pod.name, "uid": pod.uid}
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        return self.second.call("POST", f"{ACCOUNTS}/{account}/token", request)["status"]["token"]

    def create_pods(self):
        """Creates pods of all kinds, some with running containers, and plain ones up to PODS."""
        static = {
            "kubernetes.io/config.hash": "0123456789abcdef0123456789abcdef",
            "kubernetes.io/config.mirror": "0123456789abcdef0123456789abcdef", "kubernetes.io/config.source": "file"}
        pods = self.pods = {
            "web": self.pod("shop", "web-0", init=("migrate",)),
            "same name": self.pod("games", "web-0"),
            "static": self.pod("kube-system", "etcd-node", annotations=static),
            "hundred": self.pod("shop", "hundred", containers=[f"c{number}" for number in range(100)])}
        plain = [(("shop", "games")[number % 2], f"plain-{number // 2}", "node") for number in range(PODS - len(pods))]
        plain += [("games", f"other-{number}", "other") for number in range(OTHER_PODS)]
        plain += [("games", f"idle-{number}", "idle") for number in range(3)]
        made = in_parallel(lambda where: Pod(self.server, *where).report(self.server), plain)
        self.plain = made[:PODS - len(pods)]

        run = self.containers.start
        self.expected = {
            run(pods[key].uid, pods[key].ids[name]): pods[key].names(name)
            for key, name in (("web", "app"), ("web", "migrate"), ("same name", "app"))}
        hundred = pods["hundred"]
        self.of_hundred = {
            run(hundred.uid, hundred.ids[name]): hundred.names(name) for name in ("c0", "c35", "c36", "c63", "c64", "c99")}
        hash_in_path = static["kubernetes.io/config.hash"]
        self.static_container = run(hash_in_path, pods["static"].ids["app"])
        self.expected[self.static_container] = pods["static"].names("app")
        self.expected[run(pods["web"].uid, command=["/pause"])] = pods["web"].names("POD")
        for pod in pods.values():
            pod.report(self.server)

    def pod(self, *arguments, **options):
        return Pod(self.second if self.second.process else self.server, *arguments, "node", **options)

    def start_pod(self, namespace, name):
        """Creates a pod by the second API server, starts its container, and returns both."""
        pod = self.pod(namespace, name)
        container = self.containers.start(pod.uid, pod.ids["app"])
        pod.report(self.second)
        return pod, container

    def check_names(self, metrics, expected=None):
        """Checks that every container has its names."""
        wrong = {
            names: metrics.names(container) for container, names in (expected or self.expected).items()
            if metrics.names(container) != names}
        assert not wrong, f"expected → shown: {wrong}"

    def start_exporter(self):
        """Starts it as in a pod, with the environment variables and the service account's files."""
        self.exporter = Exporter(self.program, self.folder, 10059, "node", "--kubernetes", api_port=self.server.port)

    def start_idle_exporter(self):
        """Starts it as on a host, with a kubeconfig."""
        self.certificates.sign("idle", f"/CN={IDLE_USER}")
        files = self.certificates.folder
        kubeconfig = pathlib.Path(self.folder, "kubeconfig")
        kubeconfig.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "idle",
            "clusters": [
                {"name": "test", "cluster": {"server": self.second.url, "certificate-authority": self.certificates.authority}}],
            "users": [{
                "name": "reader", "user": {"client-certificate": f"{files}/idle.crt", "client-key": f"{files}/idle.key"}}],
            "contexts": [{"name": "idle", "context": {"cluster": "test", "user": "reader"}}]}))
        self.idle = Exporter(self.program, self.folder, 10060, "idle", f"--kubernetes.kubeconfig={kubeconfig}")

    def restore(self):
        """Restores the state that the next test needs after a failure."""
        if self.server.process.poll() is not None:
            self.server.start()
        if self.second.request("GET", f"{BINDINGS}/{self.binding['metadata']['name']}")[0] == 404:
            self.second.apply([self.binding])

    def stop(self):
        for exporter in (self.exporter, self.idle, self.guarded):
            if exporter and exporter.process.poll() is None:
                exporter.process.kill()
                exporter.process.wait()
        self.containers.stop_all()
        for server in (self.server, self.second):
            if server.process:
                server.kill()
        self.etcd.stop()
