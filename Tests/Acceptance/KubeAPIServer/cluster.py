# SPDX-License-Identifier: Apache-2.0
"""A control plane without controllers: a real etcd and real API servers."""
import base64
import http.client
import json
import pathlib
import ssl
import subprocess
import threading
import time
import urllib.request

import yaml

from checks import wait
from processes import start

# The API server rejects a loopback address, so run.py adds this one.
ADDRESS = "10.20.0.1"
ETCD = "http://127.0.0.1:2379"
USER_AGENT = "pidns-tests"
ISSUER = "https://kubernetes.default.svc"
def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, **options).stdout


class Certificates:
    """A certificate authority, its certificates, and the key of service accounts."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = f"{folder}/ca.crt"
        self.key("ca", "rsa_keygen_bits:2048")
        openssl(
            "req", "-x509", "-key", f"{folder}/ca.key", "-out", self.authority, "-subj", "/CN=test-ca", "-days", "2")
        self.key("service-accounts", "rsa_keygen_bits:2048")
        openssl(
            "pkey", "-in", f"{folder}/service-accounts.key", "-pubout", "-out", f"{folder}/service-accounts.pub")
        self.sign("server", "/CN=kube-apiserver", f"subjectAltName=IP:{ADDRESS}")
        self.sign("admin", "/O=system:masters/CN=admin")

    def key(self, name, option):
        algorithm = "RSA" if option.startswith("rsa") else "EC"
        openssl("genpkey", "-algorithm", algorithm, "-pkeyopt", option, "-out", f"{self.folder}/{name}.key")

    def sign(self, name, subject, extension="extendedKeyUsage=clientAuth"):
        path = f"{self.folder}/{name}"
        self.key(name, "ec_paramgen_curve:P-256")
        openssl("req", "-new", "-key", f"{path}.key", "-out", f"{path}.csr", "-subj", subject)
        pathlib.Path(f"{path}.ext").write_text(extension)
        openssl(
            "x509", "-req", "-in", f"{path}.csr", "-CA", self.authority, "-CAkey", f"{self.folder}/ca.key",
            "-CAcreateserial", "-out", f"{path}.crt", "-days", "2", "-extfile", f"{path}.ext")

    def token(self, namespace, name, uid, seconds):
        """Returns a token like those of the API server, but with a shorter lifetime than its minimum of ten minutes."""
        def encode(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=")

        claims = {
            "aud": [ISSUER], "iss": ISSUER, "exp": int(time.time()) + seconds, "iat": int(time.time()),
            "nbf": int(time.time()), "sub": f"system:serviceaccount:{namespace}:{name}",
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}}}
        text = b".".join(encode(json.dumps(part).encode()) for part in ({"alg": "RS256"}, claims))
        signature = openssl("dgst", "-sha256", "-sign", f"{self.folder}/service-accounts.key", input=text)
        return (text + b"." + encode(signature)).decode()


class Etcd:
    def __init__(self, program, folder):
        with open(f"{folder}/etcd.log", "wb") as log:
            self.process = start(
                [program, "--data-dir", f"{folder}/etcd", "--listen-client-urls", ETCD, "--advertise-client-urls", ETCD,
                 "--unsafe-no-fsync", "--log-level", "warn"], stdout=log, stderr=log)

    def compact(self):
        """Drops all revisions but the newest, and returns that."""
        revision = self.request("kv/range", {"key": base64.b64encode(b"/").decode()})["header"]["revision"]
        self.request("kv/compaction", {"revision": revision, "physical": True})
        return int(revision)

    @staticmethod
    def request(path, body):
        with urllib.request.urlopen(f"{ETCD}/v3/{path}", json.dumps(body).encode()) as answer:
            return json.load(answer)

    def stop(self):
        self.process.kill()
        self.process.wait()


class APIServer:
    """A kube-apiserver on its own port; several can share an etcd."""

    POLICY = {
        "apiVersion": "audit.k8s.io/v1", "kind": "Policy",
        "rules": [
            {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
            {"level": "Metadata", "users": ["idle-node-reader"]}, {"level": "None"}]}

    def __init__(self, program, folder, certificates, port):
        self.program, self.folder, self.certificates, self.port = program, folder, certificates, port
        self.audit_log = f"{folder}/audit-{port}.log"
        self.url = f"https://{ADDRESS}:{port}"
        self.process = None
        self.local = threading.local()

    def start(self, *flags):
        policy = pathlib.Path(self.folder, "audit-policy.yaml")
        policy.write_text(yaml.safe_dump(self.POLICY))
        files = self.certificates.folder
        with open(f"{self.folder}/kube-apiserver-{self.port}.log", "ab") as log:
            self.process = start(
                [self.program, f"--etcd-servers={ETCD}", f"--secure-port={self.port}", f"--advertise-address={ADDRESS}",
                 "--etcd-compaction-interval=0", "--authorization-mode=Node,RBAC",
                 # No controller creates service accounts for namespaces.
                 "--disable-admission-plugins=ServiceAccount",
                 f"--tls-cert-file={files}/server.crt", f"--tls-private-key-file={files}/server.key",
                 f"--client-ca-file={files}/ca.crt", f"--service-account-key-file={files}/service-accounts.pub",
                 f"--service-account-signing-key-file={files}/service-accounts.key",
                 f"--service-account-issuer={ISSUER}", "--service-cluster-ip-range=10.21.0.0/24",
                 f"--audit-policy-file={policy}", f"--audit-log-path={self.audit_log}", *flags],
                stdout=log, stderr=log)
        wait(f"{self.url} is ready", self.is_ready)

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"kube-apiserver ended, see {self.folder}/kube-apiserver-{self.port}.log")
        try:
            return self.request("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def kill(self):
        """Ends it at once, as a failing machine does."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it gracefully: it ends the watches first."""
        self.process.terminate()
        self.process.wait()

    def request(self, method, path, body=None, kind="application/json", token=None):
        """Sends a request, as admin or with a token. Returns the status and the decoded body."""
        headers = {"Content-Type": kind, "User-Agent": USER_AGENT}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = self.connection(token is None)
        for is_last in (False, True):
            try:
                connection.request(method, path, None if body is None else json.dumps(body), headers)
                answer = connection.getresponse()
                text = answer.read()
                break
            # The server has been restarted since the last request.
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if is_last:
                    raise OSError(str(error)) from error
        return answer.status, json.loads(text) if text.startswith(b"{") else text

    def connection(self, is_admin):
        connections = self.local.__dict__
        if is_admin not in connections:
            context = ssl.create_default_context(cafile=self.certificates.authority)
            if is_admin:
                files = f"{self.certificates.folder}/admin"
                context.load_cert_chain(f"{files}.crt", f"{files}.key")
            connections[is_admin] = http.client.HTTPSConnection(ADDRESS, self.port, context=context, timeout=60)
        return connections[is_admin]

    def call(self, method, path, body=None, **options):
        """Sends a request that must succeed, and returns the body."""
        status, answer = self.request(method, path, body, **options)
        if not 200 <= status < 300:
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer

    def apply(self, documents):
        for document in documents:
            self.call("POST", self.path(document), document)

    def path(self, document):
        """Returns the path for objects of its kind."""
        group = document["apiVersion"]
        root = f"/api/{group}" if "/" not in group else f"/apis/{group}"
        kind = next(
            kind for kind in self.call("GET", root)["resources"] if kind["kind"] == document["kind"] and "/" not in kind["name"])
        namespace = f"/namespaces/{document['metadata']['namespace']}" if kind["namespaced"] else ""
        return f"{root}{namespace}/{kind['name']}"

    def audited(self, user):
        """Returns the audit events of a user."""
        events = map(json.loads, pathlib.Path(self.audit_log).read_text().splitlines())
        return [event for event in events if event["user"]["username"] == user]
