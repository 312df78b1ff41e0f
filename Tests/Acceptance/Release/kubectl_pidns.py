#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# kubectl_pidns.py PLUGIN FOLDER-OF-KUBECTL
#
# Runs the kubectl plugin with a real kubectl against a small API server, and checks its requests. The server
# selects pods by labels, fields and namespace, and rejects each exec, whose command is in the request.
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

PLUGIN, TOOLS = (os.path.abspath(path) for path in sys.argv[1:3])


def pod(namespace, name, node, port=None, phase="Running", label="pidns-exporter"):
    ports = [{"name": "health", "containerPort": 9999}]
    if port:
        ports.append({"name": "metrics", "containerPort": port})
    return {
        "metadata": {"namespace": namespace, "name": name, "labels": {"app.kubernetes.io/name": label}},
        "spec": {"nodeName": node, "containers": [{"name": "proxy"}, {"name": "pidns-exporter", "ports": ports}]},
        "status": {"phase": phase},
    }


class Cluster(http.server.ThreadingHTTPServer):
    """An API server with pods."""

    daemon_threads = True

    def __init__(self, pods):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pods, self.execs = pods, []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        parts = url.path.strip("/").split("/")
        if url.path == "/api":
            return self.answer(200, {"kind": "APIVersions", "versions": ["v1"]})
        if url.path == "/apis":
            return self.answer(200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": []})
        if url.path == "/api/v1":
            resource = {"name": "pods", "singularName": "pod", "namespaced": True, "kind": "Pod", "verbs": ["get", "list"]}
            return self.answer(200, {"kind": "APIResourceList", "groupVersion": "v1", "resources": [resource]})
        if parts[-1] == "exec":
            return self.do_POST()
        if parts[-2:-1] == ["pods"]:
            found = [p for p in self.server.pods if p["metadata"]["name"] == parts[-1] and p["metadata"]["namespace"] == parts[-3]]
            if found:
                return self.answer(200, {"kind": "Pod", "apiVersion": "v1", **found[0]})
            status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
            return self.answer(404, {**status, "message": f'pods "{parts[-1]}" not found'})
        namespace = parts[3] if parts[2:3] == ["namespaces"] else None
        labels = dict(term.split("=") for term in query.get("labelSelector", [""])[0].split(",") if term)
        fields = dict(term.split("=") for term in query.get("fieldSelector", [""])[0].split(",") if term)

        def selected(p):
            known = {"status.phase": p["status"]["phase"], "spec.nodeName": p["spec"]["nodeName"]}
            return (
                namespace in (None, p["metadata"]["namespace"])
                and all(p["metadata"]["labels"].get(key) == value for key, value in labels.items())
                and all(known[key] == value for key, value in fields.items())
            )

        items = [p for p in self.server.pods if selected(p)]
        self.answer(200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items})

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        parts = url.path.strip("/").split("/")
        # kubectl repeats a rejected request in the older protocol.
        request = (parts[3], parts[5], query["command"], query.get("tty", ["false"])[0], query.get("container", [None])[0])
        if request not in self.server.execs:
            self.server.execs.append(request)
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403}
        self.answer(403, {**status, "message": "exec reached the server"})


WORK = pod("shop", "cart-7d9", "worker-2", label="cart")
PENDING = pod("shop", "late", "", phase="Pending", label="cart")
FLEET = [
    pod("monitoring", "pidns-exporter-a", "worker-1", 10059),
    pod("monitoring", "pidns-exporter-b", "worker-2", 19059),
    pod("monitoring", "pidns-exporter-old", "worker-2", 10059, phase="Failed"),
    WORK,
    PENDING,
]
EVENTS = ["/usr/bin/pidns-exporter", "events", "--kubernetes", "--no-local-names"]


def top(port):
    return ["/usr/bin/pidns-exporter", "top", "--url", f"http://localhost:{port}/metrics"]


class Plugin(unittest.TestCase):
    def plugin(self, *arguments, pods=FLEET, namespace="shop", terminal=False):
        """Runs the plugin. Returns its exit status, its output, and the exec requests of kubectl."""
        cluster = Cluster(pods)
        with tempfile.TemporaryDirectory() as folder:
            configuration = {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{cluster.server_port}"}}],
                "users": [{"name": "u", "user": {}}],
                "contexts": [
                    {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": namespace}},
                    {"name": "other", "context": {"cluster": "c", "user": "u", "namespace": "elsewhere"}},
                ],
                "current-context": "one",
            }
            path = os.path.join(folder, "config")
            with open(path, "w") as file:
                json.dump(configuration, file)
            environment = {"PATH": f"{TOOLS}:/usr/bin:/bin", "HOME": folder, "KUBECONFIG": path, "LC_ALL": "C"}
            command = [PLUGIN, *arguments]
            if terminal:
                command = ["script", "--quiet", "--return", "--command", " ".join(command), "/dev/null"]
            done = subprocess.run(command, env=environment, stdin=None if terminal else subprocess.DEVNULL, capture_output=True, text=True)
        cluster.shutdown()
        cluster.server_close()
        return done.returncode, done.stdout + done.stderr, cluster.execs

    def expect(self, arguments, pod_name, command, *, tty="false", **options):
        _, output, execs = self.plugin(*arguments, **options)
        self.assertEqual([(e[1], e[2], e[3]) for e in execs], [(pod_name, command, tty)], output)
        self.assertEqual(execs[0][0], "monitoring")

    def refuse(self, arguments, status, text, **options):
        returned, output, execs = self.plugin(*arguments, **options)
        self.assertEqual((returned, execs), (status, []), output)
        self.assertIn(text, output)

    def test_events_of_a_node(self):
        self.expect(["events", "--node", "worker-1"], "pidns-exporter-a", EVENTS)

    def test_flags_after_the_dashes_reach_the_program_unchanged(self):
        self.expect(
            ["events", "--node=worker-1", "--", "--comm", "two words", "--output=json"],
            "pidns-exporter-a",
            [*EVENTS, "--comm", "two words", "--output=json"],
        )

    def test_a_pod_selects_its_node_and_its_events(self):
        self.expect(["events", "cart-7d9"], "pidns-exporter-b", [*EVENTS, "--pod", "shop/cart-7d9"])

    def test_a_pod_of_another_namespace_than_the_context(self):
        expected = [*EVENTS, "--pod", "shop/cart-7d9", "--failed"]
        self.expect(["events", "cart-7d9", "-n", "shop", "--", "--failed"], "pidns-exporter-b", expected, namespace="default")

    def test_top_reads_the_port_of_the_exporter(self):
        self.expect(["top", "--node", "worker-2"], "pidns-exporter-b", top(19059))

    def test_top_filters_by_the_pod(self):
        self.expect(["top", "cart-7d9", "--", "--once"], "pidns-exporter-b", [*top(19059), "--filter", "cart-7d9", "--once"])

    def test_one_exporter_needs_no_node(self):
        self.expect(["events"], "pidns-exporter-a", EVENTS, pods=FLEET[:1])

    def test_the_default_port_where_none_is_named(self):
        self.expect(["top"], "pidns-exporter-a", top(10059), pods=[pod("monitoring", "pidns-exporter-a", "worker-1")])

    def test_a_terminal_is_passed_on(self):
        self.expect(["top", "--node", "worker-1"], "pidns-exporter-a", top(10059), tty="true", terminal=True)

    def test_context_and_kubeconfig_select_the_cluster(self):
        self.refuse(["events", "cart-7d9", "--context", "other"], 1, "not found")
        self.refuse(["events", "cart-7d9", "--kubeconfig", "/nonexistent"], 1, "/nonexistent")

    def test_exporter_namespace_and_selector(self):
        two = [*FLEET, pod("canary", "pidns-exporter-c", "worker-1", 10059), pod("monitoring", "renamed", "worker-1", label="pidns")]
        self.refuse(["top", "--node", "worker-1"], 1, "more than one exporter", pods=two)
        self.expect(["top", "--node", "worker-1", "--exporter-namespace", "monitoring"], "pidns-exporter-a", top(10059), pods=two)
        self.expect(
            ["top", "--node", "worker-1", "--exporter-selector", "app.kubernetes.io/name=pidns"], "renamed", top(10059), pods=two
        )

    def test_the_status_of_kubectl_is_the_plugins(self):
        status, output, _ = self.plugin("events", "--node", "worker-1")
        self.assertEqual(status, 1)
        self.assertIn("exec reached the server", output)

    def test_errors(self):
        self.refuse([], 2, "Usage:")
        self.refuse(["events", "--node"], 2, "--node needs a value")
        self.refuse(["watch"], 2, "unknown command watch")
        self.refuse(["events", "--failed"], 2, "unknown flag --failed; flags of pidns-exporter come after --")
        self.refuse(["events", "cart-7d9", "--node", "worker-1"], 2, "not both")
        self.refuse(["events", "--namespace", "shop"], 2, "--namespace needs POD")
        self.refuse(["events", "cart-7d9", "more"], 2, "unexpected argument more")
        self.refuse(["events"], 2, "--node with one of: worker-1 worker-2")
        self.refuse(["events", "--node", "worker-9"], 1, "no exporter is running on node worker-9")
        self.refuse(["events", "late"], 1, "pod shop/late has no node yet")
        self.refuse(["events", "gone"], 1, 'pods "gone" not found')

    def test_help(self):
        status, output, _ = self.plugin("--help")
        self.assertEqual(status, 0)
        self.assertIn("kubectl pidns events cart-7d9", output)


unittest.main(argv=sys.argv[:1])
