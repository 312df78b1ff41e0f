# SPDX-License-Identifier: Apache-2.0
"""testssl.sh against an exporter with TLS."""
import json
import pathlib
import subprocess

ACCEPTED = {"OK", "INFO", "LOW", "DEBUG"}
# What an authority writes into a certificate is no property of the exporter, but testssl.sh asks for it.
CERTIFICATE = """basicConstraints = CA:FALSE
subjectAltName = IP:{host}
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
crlDistributionPoints = URI:http://authority.example/list.crl
"""


def make_certificate(folder, host):
    """Makes the authority ca.crt, and the certificate server.crt with its key server.key."""
    folder = pathlib.Path(folder)
    (folder / "server.ext").write_text(CERTIFICATE.format(host=host))
    key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    for command in (
            f"req -x509 {key} -subj /CN=authority -days 30 -keyout ca.key -out ca.crt",
            f"req {key} -subj /CN=exporter -keyout server.key -out server.csr",
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 90 -extfile server.ext -out server.crt"):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)


def renegotiates(address):
    """Returns whether a server of TLS 1.2 begins a second handshake when its client asks for one. It has to end the connection."""
    client = subprocess.Popen(
        ["openssl", "s_client", "-tls1_2", "-msg", "-connect", address], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    client.stdin.write("R\n")
    client.stdin.flush()
    before, asked, after = client.stdout.read().partition("RENEGOTIATING")
    client.wait()
    assert asked and "ServerHello" in before, before
    return "ServerHello" in after


def scan(folder, address):
    """Returns how many checks testssl.sh did, and what it found of medium severity or worse."""
    report = pathlib.Path(folder, "testssl.json")
    done = subprocess.run(
        ["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--add-ca", f"{folder}/ca.crt", "--jsonfile", report, f"https://{address}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3600)
    if not report.exists():
        return 0, [f"testssl.sh has no report: {done.stdout[-500:]} {done.stderr[-500:]}"]
    # "engine_problem" is about the openssl that testssl.sh runs.
    checks = [check for check in json.loads(report.read_text()) if check["id"] != "engine_problem"]
    # testssl.sh 3.0 takes it that a server renegotiates if it ends the connection with close_notify, as GnuTLS does.
    if not renegotiates(address):
        checks = [check for check in checks if check["id"] != "secure_client_renego"]
    found = [
        f"testssl.sh: {check['severity']}: {check['id']}: {check['finding']}" for check in checks
        if check["severity"] not in ACCEPTED]
    return len(checks), found
