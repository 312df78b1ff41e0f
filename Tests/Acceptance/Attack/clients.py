#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""A scraper, two probes and a browser: each asks the server every second, until stdin is closed.

    clients.py PORT NUMBER WEB

NUMBER is that of the first address of the browser. WEB is the web configuration of the server: plain, password, tls.

Prints as JSON how often each asked, its slowest answer in seconds, and what went wrong.
"""
import http.client
import json
import socket
import ssl
import sys
import threading
import time

from attackers import SERVER

LIMIT = 1.0
# prometheus:secret
AUTHORIZATION = {"Authorization": "Basic cHJvbWV0aGV1czpzZWNyZXQ="}
# One for all clients, as programs have: making one takes longer than a handshake.
CONTEXT = ssl._create_unverified_context()


class Client(threading.Thread):
    def __init__(self, name, port, stop):
        super().__init__(daemon=True)
        self.name, self.port, self.stop = name, port, stop
        self.count, self.slowest, self.problems = 0, 0.0, []

    def connection(self, source):
        options = {"timeout": 10, "source_address": (source, 0)}
        if sys.argv[3] == "tls":
            return http.client.HTTPSConnection(SERVER, self.port, context=CONTEXT, **options)
        return http.client.HTTPConnection(SERVER, self.port, **options)

    def get(self, connection, path, headers=None):
        headers = headers or {}
        if sys.argv[3] != "plain" and not path.startswith("/-/healthy") and not path.startswith("/-/ready"):
            headers = headers | AUTHORIZATION
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise http.client.HTTPException(f"status {response.status}")
        return body

    def run(self):
        while not self.stop.is_set():
            begin = time.monotonic()
            try:
                self.ask()
            except (OSError, http.client.HTTPException) as error:
                self.problems.append(f"{self.name}: {type(error).__name__}: {error}")
            took = time.monotonic() - begin
            self.count += 1
            self.slowest = max(self.slowest, took)
            if took > LIMIT:
                self.problems.append(f"{self.name}: answered after {took:.2f} s")
            self.stop.wait(max(0, 1 - took))


class Scraper(Client):
    """Keeps its connection, like Prometheus, and asks again on a new one if the server has closed it."""
    kept = None
    HEADERS = {
        "User-Agent": "Prometheus/3.5.0", "X-Prometheus-Scrape-Timeout-Seconds": "10", "Accept-Encoding": "gzip",
        "Accept": "application/openmetrics-text;version=1.0.0"}

    def ask(self):
        if self.kept:
            try:
                return self.get(self.kept, "/metrics", self.HEADERS)
            except (OSError, http.client.RemoteDisconnected):
                self.kept.close()
        self.kept = self.connection("10.65.0.1")
        return self.get(self.kept, "/metrics", self.HEADERS)


class Probe(Client):
    """Opens a connection each time, like the kubelet."""

    def __init__(self, name, port, stop, source, path):
        super().__init__(name, port, stop)
        self.source, self.path = source, path

    def ask(self):
        connection = self.connection(self.source)
        try:
            self.get(connection, self.path, {"Connection": "close"})
        finally:
            connection.close()


class Browser(Client):
    """Opens the status page from an address that the server has not seen before."""

    def ask(self):
        number = self.count + int(sys.argv[2])
        connection = self.connection(f"10.64.{number // 250 % 250}.{number % 250 + 1}")
        try:
            assert b"<main" in self.get(connection, "/")
            for path in ("/-/status.css", "/-/status.js"):
                self.get(connection, path)
        finally:
            connection.close()


def main():
    port, stop = int(sys.argv[1]), threading.Event()
    clients = [
        Scraper("scraper", port, stop), Probe("liveness", port, stop, "10.65.0.2", "/-/healthy"),
        Probe("readiness", port, stop, "10.65.0.2", "/-/ready"), Browser("browser", port, stop)]
    for client in clients:
        client.start()
    sys.stdin.read()
    stop.set()
    for client in clients:
        client.join(30)
    print(json.dumps([
        {"name": client.name, "count": client.count, "slowest": client.slowest, "problems": client.problems}
        for client in clients]))


if __name__ == "__main__":
    socket.setdefaulttimeout(10)
    main()
