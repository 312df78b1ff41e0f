#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check.py: compares dashboards, rules, runbooks and their tests with each other, with Grafana's schema and with the metrics page. Prints problems."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

import promql
import queries
import schema

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
# Prometheus' own metrics about its targets, and its alerts.
PROMETHEUS = {"up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"}
CONVENTIONS = {"datasource", "cluster", "job"}


def rules():
    for path in sorted(HERE.glob("*.rules.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


def of_rendered_files():
    """The rendered files match the mixin."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "grafana").mkdir()
        subprocess.run(["jsonnet", "-S", "-m", folder, HERE / "mixin/render.jsonnet"], check=True, stdout=subprocess.DEVNULL)
        written = {str(path.relative_to(folder)): path.read_text() for path in pathlib.Path(folder).rglob("*.*")}
    here = {str(path.relative_to(HERE)): path.read_text() for path in [*HERE.glob("*.rules.yml"), *HERE.glob("grafana/*.json")]}
    for name in sorted(written.keys() | here.keys()):
        if written.get(name) != here.get(name):
            yield f"{name} is not what make dashboards writes"


def of_dashboards():
    dashboards = {path: json.loads(path.read_text()) for path in sorted(HERE.glob("grafana/*.json"))}
    if not dashboards:
        yield "there are no dashboards"
    for path, dashboard in dashboards.items():
        for problem in schema.problems(dashboard):
            yield f"{path.name}: Grafana's schema: {problem}"
        yield from (f"{path.name}: {problem}" for problem in of_conventions(dashboard))
    uids = [dashboard["uid"] for dashboard in dashboards.values()]
    if len(set(uids)) != len(uids):
        yield f"dashboards share a uid: {uids}"


def of_conventions(dashboard):
    names = [variable["name"] for variable in dashboard["templating"]["list"]]
    if not CONVENTIONS <= set(names) or sum(v["type"] == "datasource" for v in dashboard["templating"]["list"]) != 1:
        yield f"the variables are {names}"
    text = json.dumps(dashboard)
    for uid in re.findall(r'"uid": "([^"]*)"', text):
        if uid not in ("${datasource}", dashboard["uid"]):
            yield f"a data source of its own: {uid}"
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            continue
        where = panel["title"]
        if not panel.get("description", "").endswith("."):
            yield f"{where}: no description"
        if not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"{where}: no unit"
        for target in panel["targets"]:
            # A rate over a fixed time skips samples if the graph's step is longer. A slope needs enough points.
            for window in re.findall(r"(?:rate|increase)\([^\[]*\[([^\]]*)\]", target["expr"]):
                if window not in ("$__rate_interval", "$__range"):
                    yield f"{where}: a rate over {window}"


def of_queries():
    """Each query parses, uses existing metrics, and handles several clusters, foreign targets and many containers."""
    known = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/metrics.md").read_text(), re.M)) | PROMETHEUS
    known |= {f"{name}_bucket" for name in known} | {rule["record"] for rule in rules() if "record" in rule}
    asked = []
    for where, kind, query in [*queries.of_dashboards(), *queries.of_rules(), *queries.of_pages()]:
        # A variable has the values of all selected clusters.
        if kind != "variable":
            yield from (f"{where}: {problem}" for problem in promql.problems(query, kind))
        asked.append({"record": f"query:{len(asked)}", "expr": queries.substituted(query, "1m", "1h", {})})
        names = re.sub(r'"(\\.|[^"])*"', "", query)
        names = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]", "", names)
        for name in re.findall(r"\b(?:pidns|process|scrape|instance|container|workload|namespace|cluster|pod|ALERTS|up)[\w:]*\b(?!\s*\()", names):
            if name not in known:
                yield f"{where}: there is no {name}"
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "queries", "rules": asked}]}, file)
        file.flush()
        checked = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
        if checked.returncode:
            yield f"promtool: {checked.stdout}{checked.stderr}"


def of_alerts():
    """Each alert has texts, a runbook, a case in which it fires, and one in which it does not. With a join, it also has a case with two clusters."""
    runbooks = (ROOT / "docs/runbooks.md").read_text()
    anchors = {heading.lower() for heading in re.findall(r"^## (\w+)$", runbooks, re.M)}
    fires, is_quiet, in_clusters = set(), set(), set()
    for path in HERE.glob("tests/*.rules.test.yml"):
        for test in yaml.safe_load(path.read_text())["tests"]:
            clusters = {cluster for series in test["input_series"] for cluster in re.findall(r'\bcluster="([^"]+)"', series["series"])}
            for case in test.get("alert_rule_test", []):
                if len(clusters) > 1 and case.get("exp_alerts"):
                    in_clusters.add(case["alertname"])
                (fires if case.get("exp_alerts") else is_quiet).add(case["alertname"])
    names = set()
    for rule in rules():
        if "alert" not in rule:
            continue
        name = rule["alert"]
        names.add(name.lower())
        annotations = rule.get("annotations", {})
        if rule.get("labels", {}).get("severity") not in ("info", "warning", "critical"):
            yield f"{name}: no severity"
        if {"summary", "description", "runbook_url"} - set(annotations):
            yield f"{name}: an annotation is missing"
        address = annotations.get("runbook_url", "")
        if not address.endswith(f"/docs/runbooks.md#{name.lower()}") or name.lower() not in anchors:
            yield f"{name}: no runbook at {address}"
        if name not in fires:
            yield f"{name}: no case in which it fires"
        if promql.has_join(rule["expr"]) and name not in in_clusters:
            yield f"{name}: it joins series, and has no case with two clusters in which it fires for one"
        if name not in is_quiet:
            yield f"{name}: no case in which it is quiet"
    for anchor in anchors - names:
        yield f"docs/runbooks.md: there is no alert {anchor}"


wrong = [*of_rendered_files(), *of_dashboards(), *of_queries(), *of_alerts()]
print("\n".join(wrong), end="\n" if wrong else "")
sys.exit(bool(wrong))
