# SPDX-License-Identifier: Apache-2.0
"""The network, the exporter, and what is measured of it."""
import json
import pathlib
import re
import resource
import ssl
import subprocess
import sys
import time
import urllib.request

from attackers import SERVER
from clients import AUTHORIZATION
from checks import wait
from processes import Service, start
from scan import make_certificate

HERE = pathlib.Path(__file__).resolve().parent
PORT = 10059
NAMESPACES = 50

SYSCTL = {
    # As many connections as the test needs, from few addresses.
    "ip_local_port_range": "1024 65535", "tcp_max_tw_buckets": "4096", "tcp_fin_timeout": "5",
    # Small buffers, so that a client that does not read leaves the server with bytes to write.
    "tcp_wmem": "4096 8192 16384"}


def set_up_network():
    """Adds addresses: 10.64/16 to 10.66/16 are of this machine; nobody answers at 10.67/16."""
    commands = ["link set lo up", "tuntap add dev nobody mode tun", "link set nobody up", "route add 10.67.0.0/16 dev nobody"]
    commands += [f"route add local 10.{number}.0.0/16 dev lo" for number in (64, 65, 66)]
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True)
    for name, value in SYSCTL.items():
        pathlib.Path(f"/proc/sys/net/ipv4/{name}").write_text(value)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


# `secret`, with bcrypt of cost 10: some 50 ms.
PASSWORD = "basic_auth_users: {prometheus: $2y$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u}\n"
WEB = {"password": PASSWORD, "tls": "tls_server_config: {cert_file: server.crt, key_file: server.key}\n" + PASSWORD}


def start_namespaces():
    """So that a page is larger than the buffers of a socket."""
    for _ in range(NAMESPACES):
        start(["unshare", "--pid", "--fork", "--kill-child", "sleep", "infinity"])


class Exporter(Service):
    def __init__(self, program, folder, web=None):
        """web: a key of WEB; None serves plain HTTP without passwords."""
        self.web = web
        # With the soft limit of descriptors that services have.
        # Events of the machine are not counted: memory would depend on them.
        command = ["prlimit", "--nofile=1024:", str(program), f"--web.listen-address=:{PORT}", "--namespaces.scope=own"]
        if web:
            make_certificate(folder, SERVER)
            pathlib.Path(folder, "web.yml").write_text(WEB[web])
            command.append(f"--web.config.file={folder}/web.yml")
        scheme = "https" if web == "tls" else "http"
        super().__init__(f"exporter-{web or 'plain'}", command, folder, f"{scheme}://{SERVER}:{PORT}", "/-/ready")

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers=AUTHORIZATION if self.web else {})
        # Who it is does not matter here.
        context = ssl._create_unverified_context() if self.web == "tls" else None
        with urllib.request.urlopen(request, timeout=30, context=context) as response:
            return response.read().decode()

    def wrong_passwords(self):
        """How many were compared and refused."""
        found = re.search(r'^pidns_web_unauthorized_requests_total\{reason="wrong"\} (\d+)$', self.get("/metrics"), re.MULTILINE)
        return int(found[1]) if found else 0

    @property
    def resident(self):
        """Resident memory in MB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024

    @property
    def scheduled(self):
        """Seconds that its threads ran, and seconds that they waited for a CPU."""
        files = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        times = [file.read_text().split()[:2] for file in files]
        return [sum(int(time[column]) for time in times) / 1e9 for column in (0, 1)]

    @property
    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def refused(self):
        """The counter of refusals, by reason, after the next poll."""
        time.sleep(2.5)
        pattern = r'^pidns_http_refused_total\{reason="(\w+)"\} (\d+)$'
        return {reason: int(count) for reason, count in re.findall(pattern, self.get("/metrics"), re.MULTILINE)}

    def wait_until_quiet(self, descriptors, resident):
        """Waits until descriptors and memory have returned, for at most half a minute, and returns both."""
        try:
            wait("the exporter is quiet", lambda: self.descriptors <= descriptors and self.resident <= resident, 30)
        except AssertionError:
            pass
        return self.descriptors, self.resident


class Clients:
    """The clients that must be answered. Each has addresses of its own in each attack."""
    started = 0

    def __init__(self, web):
        Clients.started += 1
        self.process = start(
            [sys.executable, "-B", str(HERE / "clients.py"), str(PORT), str(Clients.started * 1000), web or "plain"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop(self):
        """Returns what each client saw."""
        return json.loads(self.process.communicate(timeout=60)[0])


def attack(kind, connections, sources, seconds, rate):
    """Attacks, and returns what the attacker did."""
    arguments = [kind, PORT, connections, sources, seconds, rate]
    process = start(
        [sys.executable, "-B", str(HERE / "attackers.py"), *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    output = process.communicate(timeout=seconds + 120)[0]
    assert process.returncode == 0, f"the attacker failed with {process.returncode}"
    return json.loads(output)
