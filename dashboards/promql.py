# SPDX-License-Identifier: Apache-2.0
"""Faults of valid PromQL that appear only in production: several clusters, foreign targets, many containers."""

import re

# Metrics that every target has.
FOREIGN = r"up|process_\w+|scrape_\w+|go_\w+|promhttp_\w+"
# Labels whose values occur in several clusters.
REPEATED = {"job", "instance", "node", "namespace", "pod", "container", "unit", "workload", "pidns"}
# Selects clusters, not exporters.
CLUSTERS = 'up{cluster!=""}'
TARGET = r"and on \(cluster, job, instance\) (?:last_over_time\()?(?:instance:)?pidns_"


def problems(query, kind="instant"):
    """Yields the problems of a query, one line each."""
    query = " ".join(query.split())
    yield from _of_groupings(query)
    yield from _of_foreign_metrics(query)
    if kind == "range":
        yield from _of_top_series(query)


def has_join(query):
    """Whether a query combines vectors."""
    query = re.sub(r'"(\\.|[^"])*"', '""', query)
    return bool(re.search(r"\b(and|or|unless)\b|[-+*/]\s*(on\s*\([^)]*\)\s*)?(group_left\s*\([^)]*\)\s*)?[a-z:_]*pidns_", query))


def _of_groupings(query):
    for word, text in re.findall(r"\b(on|by|ignoring|without)\s*\(([^)]*)\)", query):
        labels = {label for label in re.split(r"[\s,]+", text) if label}
        if word == "on" and "cluster" not in labels:
            yield f"joins {word} ({text}) without cluster: it mixes clusters"
        if word in ("ignoring", "without") and "cluster" in labels:
            yield f"{word} ({text}) mixes clusters"
        if word == "by" and labels & REPEATED and "cluster" not in labels:
            yield f"groups {word} ({text}) without cluster: it mixes clusters"


def _of_foreign_metrics(query):
    for match in re.finditer(rf'(?<![\w:"])({FOREIGN})\b(?!\s*\()(\{{[^}}]*\}})?(\[[^\]]*\])?', query):
        name, matchers = match.group(1), match.group(2) or ""
        if re.search(r'\bjob=~?"[^"]*pidns', matchers) or name + matchers == CLUSTERS:
            continue
        if not re.match(rf"[ )]*(== (bool )?0[ )]*)?{TARGET}", query[match.end():]):
            yield f"{name} is a metric of every target: join it on (cluster, job, instance) with a metric of the exporter"


def _of_top_series(query):
    for match in re.finditer(r"\b(topk|bottomk)\s*\(", query):
        depth, end = 1, match.end()
        while depth and end < len(query):
            depth += {"(": 1, ")": -1}.get(query[end], 0)
            end += 1
        if "@ end()" not in query[match.end():end]:
            yield f"{match.group(1)} chooses other series at each step of a graph: rank by [$__range] @ end()"
