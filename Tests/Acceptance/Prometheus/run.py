#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Several Prometheus servers and VictoriaMetrics scrape one exporter while containers start and end. See README.md.

    run.py EXPORTER WORKLOAD CACHE [FOLDER]

EXPORTER and WORKLOAD are the programs, CACHE the folder of fetch.sh, FOLDER the folder for logs. Needs root, and its own network
namespace (`unshare --net`).
"""
import pathlib
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Support/Checks"))
from checks import exit_on_signals
from engines import add_addresses
from environment import Environment
from tests import SUITE


def main():
    exporter, workload, cache = map(pathlib.Path.absolute, map(pathlib.Path, sys.argv[1:4]))
    exit_on_signals()
    with tempfile.TemporaryDirectory(prefix="pidns-prometheus-") as temporary:
        add_addresses()
        env = Environment(exporter, workload, cache, sys.argv[4] if len(sys.argv) > 4 else temporary)
        try:
            env.run()
            SUITE.run(env)
            print(env.table())
        finally:
            env.stop()
    SUITE.exit()


if __name__ == "__main__":
    main()
