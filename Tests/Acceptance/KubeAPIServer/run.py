#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Runs the exporter against a real kube-apiserver and etcd. See README.md, and the names of the tests in tests.py.

    run.py EXPORTER CACHE [FOLDER]

EXPORTER is the program, CACHE the folder of fetch.sh, FOLDER the folder for logs. Needs root, and its own network and mount
namespaces (`unshare --net --mount`).
"""
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Support/Checks"))
from checks import exit_on_signals
from cluster import ADDRESS
from environment import OTHER_PODS, PODS, Environment
from tests import SUITE


def main():
    program, cache = map(pathlib.Path.absolute, map(pathlib.Path, sys.argv[1:3]))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    # Service account files are in /run, and nothing may stay in the real one.
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    exit_on_signals()
    with tempfile.TemporaryDirectory(prefix="pidns-apiserver-") as temporary:
        env = Environment(program, cache, sys.argv[3] if len(sys.argv) > 3 else temporary)
        try:
            began = time.monotonic()
            env.start()
            print(f"The cluster is up, with {PODS + OTHER_PODS} pods ({time.monotonic() - began:.0f} s)", flush=True)
            SUITE.run(env, after_failure=env.restore)
        finally:
            env.stop()
    SUITE.exit()


if __name__ == "__main__":
    main()
