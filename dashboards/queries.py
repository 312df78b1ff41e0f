#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""queries.py [--rate-interval 1m] [--range 15m] [--variable namespace=shop]

Lists every query that the dashboards, the alerts and the recording rules ask, a line of JSON each:

    {"where": "fleet: Execs by container: A", "kind": "range", "query": "topk(10, …)"}

kind: "range" (lines over time), "instant" (what is now), "variable" (the values to choose from), "alert", "record". Grafana's
variables are as with "All" chosen, but for those that --variable sets. What Prometheus' API takes is in "query": of a variable,
its selector.
"""

import argparse
import json
import pathlib
import re

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


def substituted(query, rate_interval, shown, variables):
    query = query.replace("$__rate_interval", rate_interval).replace("$__range", shown)
    return re.sub(r'"\$([a-z]\w*)"', lambda found: f'"{variables.get(found[1], ".*")}"', query)


def of_dashboards():
    for path in sorted(HERE.glob("grafana/*.json")):
        dashboard = json.loads(path.read_text())
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
                yield f"{path.stem}: ${variable['name']}", "variable", f"count by ({label}) ({selector})"
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                kind = "instant" if target.get("instant") else "range"
                yield f"{path.stem}: {panel['title']}: {target['refId']}", kind, target["expr"]


def of_rules():
    for path in sorted(HERE.glob("*.rules.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                kind = "alert" if "alert" in rule else "record"
                yield f"{path.name}: {rule[kind]}", kind, rule["expr"]


def of_pages():
    """Returns the queries of all documents, in promql blocks and inline."""
    for page in sorted(ROOT.rglob("*.md")):
        where = page.relative_to(ROOT)
        if where.parts[0].startswith(".") or page.name == "CHANGELOG.md":
            continue
        text = page.read_text()
        for block in re.findall(r"^ *```promql\n(.*?)^ *```$", text, re.M | re.S):
            for query in re.split(r"\n\s*\n", re.sub(r"^ *#.*\n", "", block, flags=re.M)):
                yield f"{where}: {query.strip().splitlines()[0]}", "instant", query.strip()
        for span in re.findall(r"`([^`]+)`", re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S)):
            query = " ".join(span.split())
            if "…" not in query and re.search(r"\b(pidns_|up\b).*[({]|\(.*\bpidns_", query):
                yield f"{where}: {query}", "instant", query


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--rate-interval", default="1m", help="what $__rate_interval is")
    parser.add_argument("--range", default="15m", help="what $__range is", dest="shown")
    parser.add_argument("--variable", default=[], action="append", help="the regular expression chosen for one")
    arguments = parser.parse_args()
    variables = dict(variable.split("=", 1) for variable in arguments.variable)
    for where, kind, query in [*of_dashboards(), *of_rules()]:
        query = substituted(query, arguments.rate_interval, arguments.shown, variables)
        print(json.dumps({"where": where, "kind": kind, "query": query}, ensure_ascii=False))


if __name__ == "__main__":
    main()
