# SPDX-License-Identifier: Apache-2.0
"""Conditions that the Kubernetes objects of every installation must meet, however they were rendered."""
import functools
import json
import pathlib
import re
import subprocess
import tempfile

import jsonschema
import kubernetes_validate
import yaml
from kubernetes_validate import utils as kubernetes_schemas

from strict_yaml import documents

OTHER_KINDS = documents((pathlib.Path(__file__).parent / "other_kinds.yaml").read_text())[0]
VERSIONS = [f"1.{minor}" for minor in range(25, int(kubernetes_validate.latest_version().split(".")[1]) + 1)]
CLUSTER_WIDE = {"Namespace", "ClusterRole", "ClusterRoleBinding"}
# Cluster-scoped, which kustomize does not know. The API server removes the namespace that kustomize writes.
EITHER = {"SecurityContextConstraints"}
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")

# Caches each schema file, because there are thousands of validations.
kubernetes_schemas.schema_contents = functools.cache(kubernetes_schemas.schema_contents)


def name_of(thing: dict) -> str:
    return f"{thing['kind']} {thing['metadata'].get('namespace', '')}/{thing['metadata']['name']}"


@functools.cache
def invalid(text: str) -> str:
    """Returns the problem of an object in JSON; empty if it is valid. Validates each object once for each Kubernetes version."""
    thing = json.loads(text)
    schema = OTHER_KINDS.get(f"{thing['apiVersion']} {thing['kind']}")
    try:
        if schema:
            body = thing.get("spec") or {k: v for k, v in thing.items() if k not in ("apiVersion", "kind", "metadata")}
            jsonschema.validate(body, schema | {"definitions": OTHER_KINDS["definitions"]})
            # Its metadata has the same schema as any object's.
            thing = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": thing["metadata"]}
        for version in VERSIONS:
            kubernetes_validate.validate(thing, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError as error:
        return error.message
    except jsonschema.ValidationError as error:
        return f"{'.'.join(map(str, error.path))}: {error.message}"
    return ""


def promtool(command: list[str], configuration: dict) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump(configuration, file)
        file.flush()
        done = subprocess.run(["promtool", "check", *command, file.name], capture_output=True, text=True)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()


@functools.cache
def bad_rules(text: str) -> str:
    return promtool(["rules"], json.loads(text))


def snake(text: str) -> str:
    return re.sub("([A-Z])", lambda found: "_" + found[1].lower(), text)


@functools.cache
def bad_scrape(text: str) -> str:
    """Returns the problems of the scrape configuration that the operator generates from a monitor, as Prometheus reports them."""
    spec = json.loads(text)
    job = {"job_name": "monitor", "static_configs": [{"targets": ["localhost:1"]}]}
    job |= {snake(key): value for key, value in spec.items() if key.endswith("Limit")}
    endpoint = (spec.get("podMetricsEndpoints") or spec["endpoints"])[0]
    names = {
        "path": "metrics_path", "scheme": "scheme", "honorLabels": "honor_labels", "interval": "scrape_interval",
        "scrapeTimeout": "scrape_timeout", "proxyUrl": "proxy_url",
    }
    job |= {names[key]: value for key, value in endpoint.items() if key in names}
    for key, name in ("relabelings", "relabel_configs"), ("metricRelabelings", "metric_relabel_configs"):
        job[name] = [{snake(k): v for k, v in rule.items()} for rule in endpoint.get(key, [])]
    return promtool(["config"], {"scrape_configs": [job]})


def repeated(names: list) -> set:
    return {name for name in names if names.count(name) > 1}


def pod_problems(pod: dict):
    """In lists that Kubernetes and kustomize merge by a key, each key appears once."""
    containers = pod["containers"] + pod.get("initContainers", [])
    yield from (f"two containers are called {name}" for name in repeated([c["name"] for c in containers]))
    yield from (f"two volumes are called {name}" for name in repeated([v["name"] for v in pod.get("volumes", [])]))
    yield from (f"pull secret {name} is listed twice" for name in repeated([s["name"] for s in pod.get("imagePullSecrets", [])]))
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    ports = {port["name"] for container in pod["containers"] for port in container.get("ports", []) if "name" in port}
    for container in containers:
        yield from (f"{container['name']}: variable {n} is set twice" for n in repeated([e["name"] for e in container.get("env", [])]))
        yield from (f"{container['name']}: no volume {m['name']}" for m in container.get("volumeMounts", []) if m["name"] not in volumes)
        for probe in "livenessProbe", "readinessProbe":
            if probe in container and "httpGet" not in container[probe]:
                yield f"{container['name']}: {probe} does not request the health"
            port = container.get(probe, {}).get("httpGet", {}).get("port")
            if isinstance(port, str) and port not in ports:
                yield f"{container['name']}: {probe} asks port {port}, which no container has"


def requires_certificates(things: list[dict]) -> bool:
    return any("RequireAndVerifyClientCert" in json.dumps(thing) for thing in things if thing["kind"] in ("ConfigMap", "Secret"))


def has_open_health(pod: dict) -> bool:
    return any("--web.health-without-certificate" in container.get("args", []) for container in pod["containers"])


def selection_problems(things: list[dict]):
    """Selectors, ports and subjects must match the objects they refer to."""
    pods = next(thing for thing in things if thing["kind"] == "DaemonSet")
    daemon_set = pods["spec"]
    template = daemon_set["template"]
    account = {"kind": "ServiceAccount", "name": template["spec"].get("serviceAccountName"), "namespace": pods["metadata"].get("namespace")}
    ports = {port["name"] for container in template["spec"]["containers"] for port in container.get("ports", []) if "name" in port}
    services = [thing for thing in things if thing["kind"] == "Service"]
    wanted = [("DaemonSet", daemon_set["selector"]["matchLabels"], template["metadata"]["labels"])]
    scraped_ports = []
    for thing in things:
        spec = thing.get("spec")
        match thing["kind"]:
            case "Service":
                wanted.append(("Service", spec["selector"], template["metadata"]["labels"]))
                scraped_ports.append(spec["ports"][0]["targetPort"])
            case "PodMonitor":
                wanted.append(("PodMonitor", spec["selector"]["matchLabels"], template["metadata"]["labels"]))
                scraped_ports.append(spec["podMetricsEndpoints"][0]["port"])
            case "ServiceMonitor":
                wanted += [("ServiceMonitor", spec["selector"]["matchLabels"], s["metadata"]["labels"]) for s in services]
                if spec["endpoints"][0]["port"] not in {port["name"] for s in services for port in s["spec"]["ports"]}:
                    yield "the ServiceMonitor names a port that the service does not have"
            case "NetworkPolicy":
                wanted.append(("NetworkPolicy", spec["podSelector"]["matchLabels"], template["metadata"]["labels"]))
                scraped_ports.append(spec["ingress"][0]["ports"][0]["port"])
                yield from ("an egress rule without ports allows all of them" for rule in spec["egress"] if not rule.get("ports"))
            case "RoleBinding" | "ClusterRoleBinding":
                # Scrapers have their own account, which may do nothing else.
                is_of_scrapers = thing["roleRef"]["name"].endswith("-scraper")
                if is_of_scrapers and account in thing["subjects"] or not is_of_scrapers and thing["subjects"] != [account]:
                    yield f"{name_of(thing)} is for {thing['subjects']}, and the pods are {account}"
    yield from (f"{who} selects {labels}, which is not among {there}" for who, labels, there in wanted if not labels.items() <= there.items())
    yield from (f"port {port} is none of the pod's: {sorted(ports)}" for port in scraped_ports if port not in ports)
    if any(thing["kind"].endswith("Monitor") for thing in things):
        yield from (
            "there is a monitor, and the annotation for discovery: the pods are scraped twice"
            for service in services
            if (service["metadata"].get("annotations") or {}).get("prometheus.io/scrape") == "true"
        )


def problems(things: list[dict]) -> list[str]:
    """Returns the problems of the objects of one installation."""
    found = [f"{name} is there twice" for name in repeated([name_of(thing) for thing in things])]
    for thing in things:
        name = name_of(thing)
        if thing["kind"] not in EITHER and ("namespace" in thing["metadata"]) == (thing["kind"] in CLUSTER_WIDE):
            found.append(f"{name}: namespace is set where it has no meaning, or missing")
        for key, value in (thing["metadata"].get("labels") or {}).items():
            if not isinstance(value, str) or not LABEL_VALUE.fullmatch(value):
                found.append(f"{name}: label {key}: {value!r} is not a value for a label")
        text = json.dumps(thing, sort_keys=True)
        found += [f"{name}: {why}" for why in [invalid(text)] if why]
        if thing["kind"] == "PrometheusRule":
            found += [f"{name}: {why}" for why in [bad_rules(json.dumps(thing["spec"]))] if why]
        if thing["kind"].endswith("Monitor"):
            found += [f"{name}: {why}" for why in [bad_scrape(json.dumps(thing["spec"]))] if why]
        if thing["kind"] == "DaemonSet":
            pod = thing["spec"]["template"]["spec"]
            found += pod_problems(pod)
            if requires_certificates(things) and not has_open_health(pod):
                found.append(f"{name}: the kubelet's probes have no client certificate")
    return found + list(selection_problems(things))
