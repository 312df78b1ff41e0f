# SPDX-License-Identifier: Apache-2.0
"""What Prometheus would have scraped: two clusters of two nodes each, with the same names in both, and targets that are no exporters.

The metrics are those of docs/metrics.md, which a test of the exporter keeps complete.
"""

import pathlib
import random
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
END = 1_750_000_000  # any time
STEP = 30
SAMPLES = 180
CLUSTERS = ("a", "b")
# The job of annotation discovery, which the exporter shares with others.
JOB = "kubernetes-service-endpoints"
CONTAINERS = 10  # of a node: 40 in all
UNITS = 4  # of a node: 16 in all, with the same names on each node
HOST = {"pidns": "4026531836", "namespace": "", "pod": "", "container": ""}
# The parts of a namespace have none of these.
OF_NAMESPACES = {"pidns_info", "pidns_start_time_seconds", "pidns_end_time_seconds"}
# The exporter that stops ten minutes before the end.
DOWN = ("b", "n2")

VALUES = {
    "reason": ["completed", "error", "signaled", "teardown"],
    "signal": ["SIGSEGV", "SIGABRT", "SIGTERM"],
    "exit_code": ["1", "127"],
    "errno": ["ENOENT", "EACCES"],
    "state": ["live", "retained"],
    "map": ["namespaces", "signals"],
    "program": [f"process_{event}{copy}" for event in ("exec", "exit", "fork") for copy in ("", "_second", "_third")],
    "le": ["0.001", "1.0", "+Inf"],
}
REASONS = {
    "pidns_namespaces_dropped_total": ["excluded", "map_full", "namespaces_max"],
    "pidns_bpf_events_dropped_total": ["map_full", "no_memory"],
    "pidns_kubernetes_watch_errors_total": ["expired", "forbidden"],
}


def write(file, clusters=CLUSTERS, foreign=True):
    """Writes OpenMetrics with timestamps."""
    families = {}
    for cluster in clusters:
        for number, node in enumerate(("n1", "n2")):
            _add_exporter(families, cluster, node, number)
            if foreign:
                _add_foreign(families, cluster, node)
    for name in sorted(families):
        file.write(f"# TYPE {name} unknown\n")
        for line in families[name]:
            file.write(line)
    file.write("# EOF\n")


def _add_exporter(families, cluster, node, number):
    target = {"cluster": cluster, "job": JOB, "instance": node, "node": node}
    containers = [HOST] + [
        {"pidns": str(4026532000 + c), "namespace": "shop", "pod": f"cart-{number}{c}", "container": "web"} for c in range(CONTAINERS)
    ]
    units = [{**HOST, "unit": f"web-{u}.service"} for u in range(UNITS)]
    end = END - 600 if (cluster, node) == DOWN else END
    for name, kind, labels in _catalogue():
        if name.startswith("pidns_unit_"):
            subjects = units
        elif "L" in labels:
            subjects = containers + ([] if name in OF_NAMESPACES else units)
        else:
            subjects = [{}]
        for container in subjects:
            for fixed in _combinations(name, [label for label in labels if label not in ("L", "unit")]):
                _add(families, name, kind, {**target, **container, **fixed}, end)
    _add(families, "up", "up", target, END, lambda time: 1 if time <= end else 0)
    for name in ("scrape_duration_seconds", "scrape_samples_scraped"):
        _add(families, name, "gauge", target, END)
    for subject in ({}, units[0]):
        _add(families, "ALERTS", "info", {**target, **subject, "alertname": "PidnsZombies", "alertstate": "firing"}, END)
    for pod in {container["pod"] for container in containers if container["pod"]}:
        owner = {"cluster": cluster, "job": "kube-state-metrics", "namespace": "shop", "pod": pod}
        _add(families, "kube_pod_owner", "info", {**owner, "owner_name": "cart", "owner_is_controller": "true"}, END)


def _add_foreign(families, cluster, node):
    """Two other targets of a node: one in the job that the exporter may share, one with the instance of the exporter."""
    for job, instance in ((JOB, f"{node}:9100"), ("node", node)):
        target = {"cluster": cluster, "job": job, "instance": instance, "node": node}
        _add(families, "up", "up", target, END, lambda time: 0 if job == "node" else 1)
        for name in ("scrape_duration_seconds", "scrape_samples_scraped", "process_resident_memory_bytes", "go_goroutines"):
            _add(families, name, "gauge", target, END)
        _add(families, "process_cpu_seconds_total", "counter", target, END)


def _catalogue():
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", (ROOT / "docs/metrics.md").read_text(), re.M)
    for name, kind, labels in rows:
        labels = re.findall(r"\w+", labels)
        yield (f"{name}_bucket", "counter", labels) if kind == "histogram" else (name, kind, labels)


def _combinations(name, labels):
    combinations = [{}]
    for label in labels:
        values = REASONS.get(name, VALUES["reason"]) if label == "reason" else VALUES.get(label, ["x"])
        combinations = [{**one, label: value} for one in combinations for value in values]
    return combinations


def _add(families, name, kind, labels, end, value=None):
    text = ",".join(f'{label}="{text}"' for label, text in sorted(labels.items()) if text)
    value = value or _values(name, kind, labels, random.Random(f"{name}{text}"))
    lines = families.setdefault(name, [])
    for number in range(SAMPLES):
        time = END - (SAMPLES - 1 - number) * STEP
        sample = value(time)
        if time <= end:
            lines.append(f"{name}{{{text}}} {sample} {time}\n")


def _values(name, kind, labels, chance):
    if kind == "info":
        return lambda time: 1
    if "watch_errors" in name:
        # Requests fail in one cluster while the API server is heard, and do not in the other while it is not.
        kind = "counter" if labels["cluster"] == "a" else "constant"
    if "timestamp" in name:
        is_old = labels["cluster"] == "b" or "kubernetes" in name and labels["node"] == "n2"
        return lambda time: END - 36_000 if is_old else time - 1
    if kind == "constant":
        return lambda time: 0
    if kind == "counter":
        # Bursts at times of its own, so that each container is the busiest one at some time.
        burst, state = chance.randrange(SAMPLES), [0]
        height, is_quiet = 5000 + chance.randrange(10**6) / 1000, chance.random() < 0.5

        def count(time):
            now = (time - END) // STEP + SAMPLES
            if abs(now - burst) < 8:
                state[0] += height
            elif not is_quiet:
                state[0] += chance.random()
            return state[0]

        return count
    if name in ("pidns_up", "pidns_bpf_program_attached"):
        is_up = labels["cluster"] == "b" or labels["node"] == "n1"
        return lambda time: int(is_up)
    if "end_time" in name:
        return lambda time: END
    burst, height = chance.randrange(SAMPLES), 400 + chance.random()
    return lambda time: 5 + height * (abs((time - END) // STEP + SAMPLES - burst) < 8) + chance.randrange(3)
