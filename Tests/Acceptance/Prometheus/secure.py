# SPDX-License-Identifier: Apache-2.0
"""An exporter that requires client certificates and a password, and a Prometheus that tries to scrape it."""
import json
import pathlib
import ssl
import subprocess
import time
import urllib.request

from checks import wait
from engines import Server
from processes import Service

PORT = 10060
USER, PASSWORD = "prometheus", "secret"
HASH = "$2y$04$X0h1gDsPszWURQaxFh.zouZdfSt7HzEy4CLiI.zRYe8se5CVhYyZ."
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
INTERVAL = 1


class Certificates:
    """An authority with a certificate for a server and one for a client, and a client's of another authority."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder, "certificates")
        self.folder.mkdir()
        for authority, name, extension in (
                ("ca", "server", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth"),
                ("ca", "client", "subjectAltName=DNS:prometheus\nextendedKeyUsage=clientAuth"),
                ("other", "foreign", "subjectAltName=DNS:prometheus\nextendedKeyUsage=clientAuth")):
            if not (self.folder / f"{authority}.crt").exists():
                self.openssl(
                    "req", "-x509", "-days", "2", "-subj", f"/CN={authority}", "-keyout", f"{authority}.key", "-out",
                    f"{authority}.crt", *KEY)
            (self.folder / f"{name}.ext").write_text(f"{extension}\n")
            self.openssl("req", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr", *KEY)
            self.openssl(
                "x509", "-req", "-days", "2", "-in", f"{name}.csr", "-CA", f"{authority}.crt", "-CAkey",
                f"{authority}.key", "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.crt")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)

    def __getitem__(self, name):
        return str(self.folder / name)


class SecureExporter(Service):
    def __init__(self, program, certificates, folder):
        self.context = ssl.create_default_context(cafile=certificates["ca.crt"])
        self.context.load_cert_chain(certificates["client.crt"], certificates["client.key"])
        configuration = pathlib.Path(certificates["web.yml"])
        # YAML contains JSON.
        configuration.write_text(json.dumps({
            "tls_server_config": {
                "cert_file": "server.crt", "key_file": "server.key", "client_ca_file": "ca.crt",
                "client_auth_type": "RequireAndVerifyClientCert", "client_allowed_sans": ["prometheus"]},
            "basic_auth_users": {USER: HASH}}))
        super().__init__("secure exporter", [
            program, f"--web.listen-address=127.0.0.1:{PORT}", f"--web.config.file={configuration}"],
            folder, f"https://127.0.0.1:{PORT}", "/-/ready")

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=30, context=self.context) as response:
            return response.read().decode()


class SecurePrometheus(Server):
    """A Prometheus with a job for each way to scrape the exporter: `good`, and others that have to fail."""

    def __init__(self, cache, certificates, folder, version, port):
        data = pathlib.Path(folder, f"secure-{version}")
        data.mkdir()

        def job(name, client="client", password=PASSWORD, scheme="https"):
            tls = {"ca_file": certificates["ca.crt"]}
            if client:
                tls |= {"cert_file": certificates[f"{client}.crt"], "key_file": certificates[f"{client}.key"]}
            configuration = {
                "job_name": name, "scheme": scheme, "tls_config": tls, "scrape_interval": f"{INTERVAL}s",
                "scrape_timeout": f"{INTERVAL}s", "static_configs": [{"targets": [f"127.0.0.1:{PORT}"]}]}
            if password:
                configuration["basic_auth"] = {"username": USER, "password": password}
            return configuration
        self.bad = ("no certificate", "foreign certificate", "no password", "wrong password", "plain HTTP")
        jobs = [
            job("good"), job("no certificate", client=None), job("foreign certificate", client="foreign"),
            job("no password", password=None), job("wrong password", password="wrong"),
            job("plain HTTP", scheme="http")]
        (data / "prometheus.yml").write_text(json.dumps({"scrape_configs": jobs}))
        super().__init__(f"secure Prometheus {version}", [
            f"{cache}/run", f"--config.file={data}/prometheus.yml", f"--storage.tsdb.path={data}/data",
            f"--web.listen-address=127.0.0.1:{port}"], folder, f"http://127.0.0.1:{port}", "/-/ready")

    def problems(self, scrapes):
        """Waits for a number of scrapes of each job, and returns what differs from what has to be."""
        def scraped():
            found = {
                series["job"]: count
                for series, count in self.values("count_over_time(up[10m])", time.time())}
            return all(found.get(job, 0) >= scrapes for job in ("good", *self.bad))
        wait(f"{self.name} has scraped", scraped)
        up = {
            series["job"]: value for series, value in self.values("max_over_time(up[10m])", time.time())}
        worst = self.value('min_over_time(up{job="good"}[10m])', time.time())
        if worst != 1:
            yield f"{self.name}: a scrape with certificate and password failed"
        yield from (f"{self.name}: a scrape with {job} succeeded" for job in self.bad if up[job] != 0)
