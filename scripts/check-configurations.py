#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks each Prometheus configuration in the documents with promtool: each YAML block that begins with "# prometheus".

Debian's promtool is built without the discovery of Kubernetes: these sections are not checked.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent


def check(text: str) -> str:
    """Returns the problem of a configuration, or an empty text."""
    configuration = yaml.safe_load(text)
    for job in configuration.get("scrape_configs", []):
        job.pop("kubernetes_sd_configs", None)
    mode = ["--agent"] if text.startswith("# prometheus-agent") else []
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump(configuration, file)
        file.flush()
        done = subprocess.run(["promtool", "check", "config", *mode, file.name], capture_output=True, text=True)
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip()


checked = wrong = 0
for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("dashboards/*.md"), *ROOT.glob("deploy/**/*.md")]):
    for block in re.findall(r"^```yaml\n(# prometheus.*?)^```$", page.read_text(), re.M | re.S):
        checked += 1
        problem = check(block)
        if problem:
            wrong += 1
            print(f"{page.relative_to(ROOT)}: {block.splitlines()[0]}: {problem}")
if checked == 0:
    print("no page has a configuration")
sys.exit(1 if wrong or checked == 0 else 0)
