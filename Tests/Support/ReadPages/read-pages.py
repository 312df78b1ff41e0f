#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the pages in a folder with the installed prometheus_client; fails for a page that it rejects.

The parser accepts duplicate series, so they are checked here.
"""
import pathlib
import sys

from prometheus_client.openmetrics.parser import text_fd_to_metric_families as read_openmetrics
from prometheus_client.parser import text_fd_to_metric_families as read_text

counts = {".openmetrics": 0, ".prom": 0}
faults = 0
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    if path.suffix not in counts:
        continue
    read = read_text if path.suffix == ".prom" else read_openmetrics
    seen = set()
    try:
        with path.open(encoding="utf-8", errors="strict", newline="\n") as page:
            for family in read(page):
                for sample in family.samples:
                    key = (sample.name, tuple(sorted(sample.labels.items())))
                    if key in seen:
                        raise ValueError(f"duplicate: {key}")
                    seen.add(key)
        if not seen:
            raise ValueError("no sample")
        counts[path.suffix] += 1
    except Exception as error:  # Any exception means that the page is invalid.
        print(f"{path.name}: {type(error).__name__}: {error}")
        faults += 1
print(", ".join(f"{name[1:]}: {count} pages read" for name, count in counts.items()))
sys.exit(1 if faults or 0 in counts.values() else 0)
