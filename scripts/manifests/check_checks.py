# SPDX-License-Identifier: Apache-2.0
"""check_checks.py CHART: checks the checks. They must find each deliberate fault. Prints the faults that they miss."""
import copy
import pathlib
import re
import shutil
import sys
import tempfile

import yaml

import objects
from strict_yaml import documents
from values import Values

LABELS = {"app.kubernetes.io/name": "a"}
POD = {
    "metadata": {"labels": LABELS},
    "spec": {"serviceAccountName": "c", "containers": [{"name": "a", "image": "a:1", "ports": [{"name": "metrics", "containerPort": 1}]}]},
}
ENDPOINT = {"port": "metrics", "interval": "15s", "scrapeTimeout": "10s"}
GOOD = [
    {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "a", "namespace": "b"}, "spec": {"selector": {"matchLabels": LABELS}, "template": POD}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b", "annotations": {}},
     "spec": {"selector": LABELS, "ports": [{"name": "metrics", "port": 1, "targetPort": "metrics"}]}},
    {"apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor", "metadata": {"name": "a", "namespace": "b"},
     "spec": {"selector": {"matchLabels": LABELS}, "podMetricsEndpoints": [ENDPOINT]}},
    {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "a", "namespace": "b"},
     "spec": {"groups": [{"name": "a", "rules": [{"record": "a:b", "expr": "sum(a)"}]}]}},
    {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a", "namespace": "b"},
     "spec": {"podSelector": {"matchLabels": LABELS}, "ingress": [{"ports": [{"port": "metrics"}]}], "egress": []}},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "a", "namespace": "b"},
     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"},
     "subjects": [{"kind": "ServiceAccount", "name": "c", "namespace": "b"}]},
]


def pod(things):
    return things[0]["spec"]["template"]["spec"]


FAULTS = {
    "an object twice": lambda things: things.append(things[1]),
    "no namespace": lambda things: things[1]["metadata"].pop("namespace"),
    "a label that is a number": lambda things: things[1]["metadata"].update(labels={"a": 1}),
    "a label that is too long": lambda things: things[1]["metadata"].update(labels={"a": "a" * 64}),
    "a field that Kubernetes does not know": lambda things: pod(things).update(hostPIDs=True),
    "a field that the operator does not know": lambda things: things[2]["spec"]["podMetricsEndpoints"][0].update(intervall="1s"),
    "a scrape that takes longer than its interval": lambda things: things[2]["spec"]["podMetricsEndpoints"][0].update(scrapeTimeout="20s"),
    "a regular expression that is none": lambda things: things[2]["spec"]["podMetricsEndpoints"][0].update(relabelings=[{"action": "labeldrop", "regex": "("}]),
    "a query that is none": lambda things: things[3]["spec"]["groups"][0]["rules"][0].update(expr="sum("),
    "a selector that selects nothing": lambda things: things[1]["spec"].update(selector={"app.kubernetes.io/name": "b"}),
    "a port that no container has": lambda things: things[1]["spec"]["ports"][0].update(targetPort="other"),
    "a policy for a port that no container has": lambda things: things[4]["spec"]["ingress"][0]["ports"][0].update(port="other"),
    "a monitor and the annotation": lambda things: things[1]["metadata"]["annotations"].update({"prometheus.io/scrape": "true"}),
    "rights for another account": lambda things: things[5]["subjects"][0].update(namespace="d"),
    "the exporter as a scraper": lambda things: things[5]["roleRef"].update(name="a-scraper"),
    "egress to all ports": lambda things: things[4]["spec"].update(egress=[{}]),
    "two containers of a name": lambda things: pod(things)["containers"].append({"name": "a", "image": "a:1"}),
    "a variable twice": lambda things: pod(things)["containers"][0].update(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
    "a mount of no volume": lambda things: pod(things)["containers"][0].update(volumeMounts=[{"name": "a", "mountPath": "/a"}]),
    "a probe of no port": lambda things: pod(things)["containers"][0].update(livenessProbe={"httpGet": {"port": "other"}}),
    "a probe of the port only": lambda things: pod(things)["containers"][0].update(livenessProbe={"tcpSocket": {"port": "metrics"}}),
    "probes without the certificate that clients need": lambda things: things.append(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web", "namespace": "a"}, "stringData": {"web.yml": "RequireAndVerifyClientCert"}}
    ),
    "a pull secret twice": lambda things: pod(things).update(imagePullSecrets=[{"name": "a"}, {"name": "a"}]),
}

wrong = [f"what is right: {problem}" for problem in objects.problems(GOOD)]
for what, break_it in FAULTS.items():
    things = copy.deepcopy(GOOD)
    break_it(things)
    if not objects.problems(things):
        wrong.append(f"not found: {what}")
for text in "a: 1\na: 2", "a: {b: 1, b: 2}", "- {a: 1, 'a': 2}":
    try:
        documents(text)
        wrong.append(f"not found: a key twice in {text!r}")
    except yaml.YAMLError:
        pass
if documents("[1e3, y, off]") != [[1000.0, True, False]]:
    wrong.append("1e3, y and off are read as text")

# File, pattern, replacement: each makes the keys in the chart's files disagree.
DISAGREEMENTS = {
    "a value without a schema": ("values.yaml", r"(?m)^rbac:$", "more: 1\\nrbac:"),
    "a value inside a map without a schema": ("values.yaml", r"(?m)^  pullPolicy:", "  more: 1\\n  pullPolicy:"),
    "a schema without a value": ("values.yaml", r"(?m)^hostNetwork: false$", ""),
    "a schema that accepts unknown keys": ("values.schema.json", r'"additionalProperties": false', '"additionalProperties": true'),
    "a value without a row in the README": ("README.md", r"(?m)^\| `hostNetwork`.*$", ""),
    "a row of the README without a value": ("README.md", r"(?m)^\| `hostNetwork`", "| `hostNet`"),
    "another default in the README": ("README.md", r"`revisionHistoryLimit` \| `10`", "`revisionHistoryLimit` | `11`"),
    "a row of the comparison without a value": ("node-exporter.md", r"`dnsPolicy`", "`dnsPolice`"),
    "a value that no file of the matrix sets": ("ci/openshift-values.yaml", r"(?m)^dnsConfig: .*$", ""),
    "a switch that no file of the matrix turns": ("ci/openshift-values.yaml", r"hostNetwork: true", "hostNetwork: false"),
    "a value of the wrong kind": ("ci/openshift-values.yaml", r"hostNetwork: true", 'hostNetwork: "true"'),
}
with tempfile.TemporaryDirectory() as work:
    for what, (name, pattern, replacement) in DISAGREEMENTS.items():
        folder = pathlib.Path(work) / what.replace(" ", "-")
        shutil.copytree(sys.argv[1], folder)
        file = folder / name
        text = re.sub(pattern, replacement, file.read_text())
        if text == file.read_text():
            wrong.append(f"nothing to change for: {what}")
        file.write_text(text)
        if not list(Values(folder).problems()):
            wrong.append(f"not found: {what}")
print("\n".join(wrong), end="\n" if wrong else "")
sys.exit(1 if wrong else 0)
