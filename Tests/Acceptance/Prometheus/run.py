#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Has several Prometheus and VictoriaMetrics scrape one exporter while containers come and go. See README.md.

    run.py EXPORTER WORKLOAD CACHE [FOLDER]

EXPORTER and WORKLOAD are the programs, CACHE where fetch.sh has put the databases, FOLDER where logs go. Has to be root, in a network
namespace of its own (`unshare --net`).
"""
import pathlib
import signal
import sys
import tempfile
import time
import traceback

from engines import add_addresses
from tests import TESTS
from world import World


def main():
    exporter, workload, cache = map(pathlib.Path.absolute, map(pathlib.Path, sys.argv[1:4]))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit("interrupted"))
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="pidns-prometheus-") as temporary:
        add_addresses()
        world = World(exporter, workload, cache, sys.argv[4] if len(sys.argv) > 4 else temporary)
        began = time.monotonic()
        try:
            world.run()
            for test in TESTS:
                try:
                    problems = list(test(world))
                except Exception:
                    problems = [traceback.format_exc()]
                print(f"{'FAILED' if problems else 'ok    '}  {test.__doc__}", flush=True)
                for problem in problems[:20]:
                    print(f"        {problem}")
                if len(problems) > 20:
                    print(f"        … and {len(problems) - 20} more")
                passed, failed = passed + (not problems), failed + bool(problems)
            print(world.table())
        finally:
            world.stop()
    print(f"{passed} passed, {failed} failed ({time.monotonic() - began:.0f} s)")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
