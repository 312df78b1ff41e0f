# SPDX-License-Identifier: Apache-2.0
"""Faults of those that talk to it: scrapers, and the API server."""
import contextlib
import http.server
import json
import pathlib
import ssl
import subprocess
import threading
import time

from checks import wait
from environment import Exporter, unused_connections
from promises import Check, promise, running


def silent_scrapers(env):
    """Scrapers that ask and never read."""
    finish = promise(
        env, "300 connections that ask for the metrics, again and again, and never read", "every event is counted once; a scraper of another address is answered")
    with running(Exporter(env).run()) as exporter:
        check = Check(env, exporter)
        exporter.do("churn", "--namespaces", 50, "--execs", 5)
        silent = unused_connections(300, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        slowest = 0
        until = time.monotonic() + env.arguments.seconds
        while time.monotonic() < until:
            began = time.monotonic()
            exporter.page()
            slowest = max(slowest, time.monotonic() - began)
            check.sample()
            exporter.do("mixed", "--count", 20)
        for connection in silent:
            connection.close()
        check.complete()
        return finish(check.problems, f"{check.summary()}; slowest answer {slowest:.1f} s")


MEGABYTE = b'{"metadata":{"name":"' + b"x" * 1000 + b'"}},' + b" " * (1 << 20)


class Handler(http.server.BaseHTTPRequestHandler):
    """An API server that does what its server's `mode` says."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.requests += 1
        try:
            getattr(self, self.server.mode)()
        except OSError:
            pass
        self.close_connection = True

    def answer(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def lies(self):
        """Sends wrong types, HTML, deep nesting, half a list and NUL bytes."""
        pods = [
            {"metadata": {"name": 7, "uid": None}}, {"metadata": "x"}, None, {"metadata": {"uid": "u", "name": "p" * 70_000}},
            {"metadata": {"uid": "v", "name": "p", "namespace": "n"}, "status": {"containerStatuses": [{"containerID": "docker://\\u0000"}, 3]}}]
        bodies = [
            json.dumps({"kind": "PodList", "metadata": {"resourceVersion": "1"}, "items": pods}).encode(), b"<html>", b"[" * 100_000,
            b'{"items":', b'{"type":"ADDED","object":{}}\n' * 1000, b"\0" * 100_000]
        self.answer(bodies[self.server.requests % len(bodies)], (200, 200, 500, 200, 302)[self.server.requests % 5])

    def stalls(self):
        """Answers nothing."""
        self.server.ended.wait()

    def fails(self):
        """Answers with an error."""
        self.answer(b"", 503)

    def serves(self):
        """Sends an empty list, or a watch without events until it does something else."""
        if "watch=" not in self.path:
            self.answer(b'{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[]}')
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        while self.server.mode == "serves":
            time.sleep(0.1)

    def floods(self):
        """Sends 100 MB of a list, without its end."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[')
        for _ in range(100):
            self.wfile.write(MEGABYTE)
            self.server.megabytes += 1


@contextlib.contextmanager
def api_server_of(env, mode):
    """An API server in a mode, and the flags to watch its pods."""
    folder = pathlib.Path(env.folder)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "key",
         "-out", folder / "crt", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 6443), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "crt", folder / "key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.mode, server.requests, server.megabytes, server.ended = mode, 0, 0, threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "kubeconfig").write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443", "certificate-authority": str(folder / "crt")}}],
        "users": [{"name": "u", "user": {"token": "t"}}]}))
    (folder / "kubeconfig").chmod(0o600)
    try:
        yield server, (f"--kubernetes.kubeconfig={folder}/kubeconfig", "--kubernetes.node=n")
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()


def api_server(env):
    """An API server that lies, stalls, and sends 100 MB."""
    finish = promise(
        env, "an API server lies, stalls and sends 100 MB",
        "every event is counted once; resident memory is bounded; failures are in the log and in `pidns_kubernetes_watch_errors_total`")
    with api_server_of(env, "lies") as (server, flags), running(Exporter(env, *flags).run()) as exporter:
        check = Check(env, exporter)
        seen = []
        for mode in ("lies", "floods", "stalls"):
            server.mode, requests = mode, server.requests
            until = time.monotonic() + 60
            # Retries wait for up to 30 s.
            while server.requests == requests or (mode == "floods" and not server.megabytes):
                assert time.monotonic() < until, f"no request while it {mode}"
                time.sleep(0.1)
            for _ in range(5):
                exporter.do("mixed", "--count", 50)
                check.sample()
                time.sleep(env.arguments.seconds / 10)
            page = exporter.new_page()
            check.problems += list(exporter.truth.differences(page))[:5]
            seen.append(f"{page['pidns_kubernetes_watch_errors_total']:.0f} errors after it {mode}")
        check.expect(page["pidns_kubernetes_watch_errors_total"] > 0, "no error is counted")
        check.expect(page["pidns_up"] == 1, "pidns_up is not 1")
        check.expect_log("cannot watch the pods")
        status, line = exporter.get("/-/healthy")
        check.expect(status == 200, f"/-/healthy answers {status}: {line}")
        check.sample()
        check.expect(
            check.peak <= check.before[0] + env.arguments.growth, f"resident memory: {check.before[0]:.1f} MB before, {check.peak:.1f} MB at most")
        return finish(check.problems, f"{check.summary()}; {', '.join(seen)}; {server.megabytes} MB were read")


def api_server_outage(env):
    """An API server that answers, then stalls, answers again, then fails, and answers again."""
    finish = promise(
        env, "an API server that has answered stalls, later fails, each until it is noticed; then it answers again",
        "`/-/healthy` reports it, is 200 all the time, and is `Healthy` afterwards; `pidns_up` is 1; every event is counted once")
    with api_server_of(env, "serves") as (server, flags), running(Exporter(env, *flags).run()) as exporter:
        wait("it is healthy", exporter.is_healthy, 120)
        check = Check(env, exporter)
        statuses, seen = set(), []

        def shows(line):
            status, state, _ = exporter.health()
            statuses.add(status)
            return state == line
        for mode in ("stalls", "fails"):
            server.mode, began = mode, time.monotonic()
            wait(f"it is noticed that it {mode}", lambda: shows("Running, with problems: pod watch fails"))
            seen.append(f"noticed after {time.monotonic() - began:.0f} s that it {mode}")
            exporter.do("mixed", "--count", 50)
            page = exporter.new_page()
            check.problems += list(exporter.truth.differences(page))[:5]
            check.expect(page["pidns_up"] == 1, "pidns_up is not 1")
            server.mode = "serves"
            server.ended.set()
            wait("it is healthy", lambda: shows("Healthy"))
            server.ended.clear()
        check.expect(statuses == {200}, f"/-/healthy answered {statuses}")
        check.expect_log("cannot watch the pods")
        check.complete()
        return finish(check.problems, f"{check.summary()}; {', '.join(seen)}")


FAULTS = (silent_scrapers, api_server, api_server_outage)
