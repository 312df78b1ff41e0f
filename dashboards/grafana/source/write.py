# SPDX-License-Identifier: Apache-2.0
"""write.py FOLDER: writes the dashboards there, as Grafana reads them; the same bytes each time."""

import json
import pathlib
import sys

import container
import exporter
import fleet

for source in (fleet, container, exporter):
    path = pathlib.Path(sys.argv[1], f"{source.__name__}.json")
    path.write_text(json.dumps(source.DASHBOARD, indent=2, ensure_ascii=False) + "\n")
