# SPDX-License-Identifier: Apache-2.0
"""check_kustomize.py KUBERNETES OUTPUT: checks deploy/kubernetes: the base, each component, all of them, and overlays that change the
namespace, names and labels. Writes the rendered objects into OUTPUT. Prints the failures."""
import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

import objects
from strict_yaml import documents

folder, output = map(pathlib.Path, sys.argv[1:])
components = sorted(path.parent for path in folder.glob("components/*/kustomization.yaml"))
wrong = []


def build(name: str, used: list, **fields) -> list:
    """Returns the objects of an overlay over the base with these components."""
    with tempfile.TemporaryDirectory() as work:
        def path(to):
            return os.path.relpath(to, os.path.realpath(work))
        kustomization = {"resources": [path(folder / "base")], "components": [path(c) for c in used], **fields}
        (pathlib.Path(work) / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        done = subprocess.run(["kubectl", "kustomize", work], capture_output=True, text=True)
    if done.returncode != 0:
        wrong.append(f"{name}: {done.stderr.strip()}")
        return []
    (output / f"{name}.yaml").write_text(done.stdout)
    things = documents(done.stdout)
    wrong.extend(f"{name}: {problem}" for problem in objects.problems(things))
    return things


def check_overlay(things: list):
    """All objects are in the overlay's namespace, and the Role has the final name of the constraints."""
    inside = {t["metadata"]["namespace"] for t in things if t["kind"] not in objects.CLUSTER_WIDE | objects.EITHER}
    if inside != {"counts"}:
        wrong.append(f"overlay: namespaces {inside}")
    constraints = [t["metadata"]["name"] for t in things if t["kind"] == "SecurityContextConstraints"]
    named = [name for t in things if t["kind"] == "Role" for rule in t["rules"] for name in rule["resourceNames"]]
    if named != constraints or not constraints:
        wrong.append(f"overlay: the constraints are {constraints}, and the Role is about {named}")
    account = next(t for t in things if t["kind"] == "Secret")
    token = next(t for t in things if t["kind"] == "PodMonitor")["spec"]["podMetricsEndpoints"][0]["authorization"]["credentials"]["name"]
    if token != account["metadata"]["name"] or account["metadata"]["annotations"]["kubernetes.io/service-account.name"] != token:
        wrong.append(f"overlay: the monitor's token is in {token}, and the Secret is {account['metadata']}")


for file in folder.rglob("*.yaml"):
    try:
        documents(file.read_text())
    except yaml.YAMLError as error:
        wrong.append(f"{file}: {error}")
base = build("base", [])
for component in components:
    build(component.name, [component])
# tls-client-certificates includes tls.
components = [component for component in components if component.name != "tls"]
build("components", components)
if not any(t["kind"] == "Service" and t["metadata"]["annotations"].get("prometheus.io/scrape") for t in base):
    wrong.append("base: nothing finds the pods")
check_overlay(build("overlay", components, namespace="counts", namePrefix="x-", labels=[{"pairs": {"team": "a"}, "includeTemplates": True}]))
print("\n".join(wrong), end="\n" if wrong else "")
sys.exit(1 if wrong else 0)
