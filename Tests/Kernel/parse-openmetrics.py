#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Parses OpenMetrics text on stdin, and prints each sample as a JSON line. Fails for a duplicate sample.

The parser accepts duplicates, so they are checked here.
"""
import json
import sys

from prometheus_client.openmetrics.parser import text_fd_to_metric_families

seen = set()
sys.stdin.reconfigure(encoding="utf-8", errors="strict", newline="\n")
for family in text_fd_to_metric_families(sys.stdin):
    for sample in family.samples:
        key = (sample.name, tuple(sorted(sample.labels.items())))
        if key in seen:
            sys.exit(f"duplicate: {key}")
        seen.add(key)
        line = {"name": sample.name, "labels": sample.labels, "value": sample.value}
        if sample.exemplar:
            line["exemplar"] = {
                "labels": sample.exemplar.labels,
                "value": sample.exemplar.value,
                "time": float(sample.exemplar.timestamp),
            }
        print(json.dumps(line))
