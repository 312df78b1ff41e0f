#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Runs the exporter against a real kube-apiserver and etcd. See README.md, and the names of the tests in tests.py.

    run.py EXPORTER CACHE [FOLDER]

EXPORTER is the program, CACHE where fetch.sh has put the servers, FOLDER where logs go. Has to be root, in a network and a
mount namespace of its own (`unshare --net --mount`).
"""
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from cluster import ADDRESS
from tests import TESTS
from world import OTHERS, PODS, World


def main():
    program, cache = map(pathlib.Path.absolute, map(pathlib.Path, sys.argv[1:3]))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    # The files of a service account are in /run, and none of this is to be left there.
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    # What was started ends also where this is ended; a shell has what it runs beside itself ignore the second one.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit("interrupted"))
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="pidns-apiserver-") as temporary:
        world = World(program, cache, sys.argv[3] if len(sys.argv) > 3 else temporary)
        try:
            began = time.monotonic()
            world.start()
            print(f"The cluster is up, with {PODS + OTHERS} pods ({time.monotonic() - began:.0f} s)", flush=True)
            for test in TESTS:
                began = time.monotonic()
                try:
                    test(world)
                    verdict, passed = "ok    ", passed + 1
                except Exception:
                    traceback.print_exc(file=sys.stdout)
                    verdict, failed = "FAILED", failed + 1
                    world.restore()
                print(f"{verdict}  {test.__doc__} ({time.monotonic() - began:.0f} s)", flush=True)
        finally:
            world.stop()
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
