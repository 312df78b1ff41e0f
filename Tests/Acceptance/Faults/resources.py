# SPDX-License-Identifier: Apache-2.0
"""Faults of the machine: disks, clocks, CPUs, processes."""
import json
import os
import pathlib
import subprocess
import sys
import time

from checks import wait
from environment import PINS, Cgroup, Exporter
from processes import BOUND
from promises import Check, promise, running

HERE = pathlib.Path(__file__).resolve().parent


def full_disk(env):
    """The file systems of the state file and of the log are full."""
    finish = promise(
        env, "the disk of the state file and of the log is full; then SIGKILL",
        "counting and serving continue; the failure is in the log and in `pidns_state_write_failures_total`; every event is counted once, also through the kill")
    small = pathlib.Path(env.folder, "small")
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", small], check=True)
    exporter = Exporter(env, pinned=True)
    exporter.flags[-1] = f"--state.file={small}/state"
    log = small / "log"
    try:
        with running(exporter.run(log=log)):
            check = Check(env, exporter)
            exporter.do("mixed", "--count", 100)
            wait("a state is written", (small / "state").exists)
            with open(small / "filler", "wb", buffering=0) as filler:
                try:
                    while True:
                        filler.write(bytes(4096))
                except OSError:
                    pass
            exporter.do("churn", "--namespaces", 20, "--execs", 10)
            wait("writes fail", lambda: exporter.page()["pidns_state_write_failures_total"] > 0, 60)
            page = exporter.new_page()
            check.problems += list(exporter.truth.differences(page))
            check.expect_problem("state cannot be written")
            (small / "filler").unlink()
            wait("it is written again", exporter.is_healthy, 60)
            exporter.kill()
            exporter.do("mixed", "--count", 100)
            exporter.run(log=log)
            check.complete()
            return finish(check.problems, check.summary())
    finally:
        subprocess.run(["umount", "--lazy", small], check=False)


def clock_set(env):
    """The wall clock of the exporter alone is set, by a library: a time namespace does not cover it."""
    finish = promise(
        env, "its wall clock is set back and forward by five hours, four times",
        "every event is counted once; times follow the clock; nothing starts in the future; no series is lost")
    library, offset = f"{env.folder}/clock.so", pathlib.Path(env.folder, "offset")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, HERE / "clock.c", "-ldl"], check=True)
    offset.write_bytes(bytes(8))
    options = {"env": os.environ | {"LD_PRELOAD": library, "CLOCK_OFFSET": str(offset)}}
    with running(Exporter(env).run(**options)) as exporter:
        check = Check(env, exporter)
        for hours in (-5, 0, 5, 0):
            exporter.do("mixed", "--count", 50)
            moved = hours * 3600
            with open(offset, "r+b", buffering=0) as file:
                file.write(moved.to_bytes(8, "little", signed=True))
            exporter.do("mixed", "--count", 50)
            since = time.time() + moved
            wait("times follow", lambda since=since: abs(exporter.page().began - since) < 600, 60)
            wait("a poll follows", lambda since=since: exporter.page().began > since, 60)
            page = exporter.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")[1]
            late = [line for line in page.splitlines() if line.startswith("pidns_start_time_seconds{")
                    and float(line.rsplit(" ", 1)[1]) > time.time() + moved + 1]
            check.expect(not late, f"starts in the future: {late[:3]}")
            check.problems += list(exporter.truth.differences(exporter.page()))[:5]
        check.complete()
        check.expect_disturbance("the wall clock was set")
        check.expect_log("wall clock was set")
        return finish(check.problems, check.summary())


def cpu_hotplug(env):
    """A CPU goes offline and online."""
    finish = promise(env, "a CPU goes offline for two seconds under load", "every event is counted once")
    switch = pathlib.Path("/sys/devices/system/cpu/cpu1/online")
    with running(Exporter(env, pinned=True).run()) as exporter:
        check = Check(env, exporter)
        load = exporter.begin("background", "--seconds", 8)
        try:
            time.sleep(1)
            switch.write_text("0")
            exporter.do("mixed", "--count", 100)
            time.sleep(2)
        finally:
            switch.write_text("1")
        exporter.do("mixed", "--count", 100)
        exporter.finish(load)
        check.complete()
        return finish(check.problems, check.summary())


def fork_bomb(env):
    """A container forks as fast as it can, at its limit of processes."""
    seconds = env.arguments.seconds
    finish = promise(
        env, f"a fork bomb for {seconds:.0f} s in a container with `pids.max` 200", "every fork and exit is counted once; it answers")
    group = Cgroup("pids", f"pidns-faults-{time.time_ns()}")
    group.set("pids.max", "pids.max", 200)
    try:
        with running(Exporter(env).run()) as exporter:
            check = Check(env, exporter)
            bomb = subprocess.Popen(
                [*BOUND, *group.wrapper(), "unshare", "--pid", "--fork", "--kill-child", sys.executable, "-B", HERE / "bomb.py", str(seconds)],
                stdout=subprocess.PIPE, text=True)
            slowest = 0
            while bomb.poll() is None:
                began = time.monotonic()
                exporter.page()
                slowest = max(slowest, time.monotonic() - began)
                check.sample()
                time.sleep(0.2)
            line = bomb.stdout.read()
            assert bomb.returncode == 0, f"the bomb ended with {bomb.returncode}"
            exporter.truth.add(line)
            check.complete()
            failed = json.loads(line)["failed"]
            return finish(check.problems, f"{check.summary()}; {failed:,} forks failed; slowest answer {slowest:.1f} s")
    finally:
        group.remove()


def bpffs_unmounted(env):
    """The BPF file system of the pins is unmounted."""
    finish = promise(
        env, "the BPF file system with the pins is unmounted", "every event is counted once until it stops; `pidns_bpf_pinned` is 0; the log and `/-/healthy` report it")
    first = Exporter(env, pinned=True).run()
    first.kill()
    with running(Exporter(env, pinned=True).run()) as exporter:
        # So that it has taken over what is pinned.
        check = Check(env, exporter)
        subprocess.run(["umount", "--lazy", f"{env.folder}/bpf"], check=True)
        try:
            wait("it is noticed", lambda: exporter.page()["pidns_bpf_pinned"] == 0, 60)
            exporter.do("mixed", "--count", 300)
            page = exporter.new_page()
            check.problems += list(exporter.truth.differences(page))
            line = exporter.get("/-/healthy")[1]
            check.expect(line == "Running, with problems: pins are missing.\n", line)
            check.expect_log("pins are missing")
            check.expect(page["pidns_up"] == 1, "pidns_up is not 1")
        finally:
            exporter.process.terminate()
            check.expect(exporter.process.wait(60) == 0, "it did not exit with 0")
            subprocess.run(["mount", "-t", "bpf", "-o", "mode=0700", "bpf", f"{env.folder}/bpf"], check=True)
        exporter = Exporter(env, pinned=True).run()
        exporter.do("mixed", "--count", 10)
        check.problems += list(exporter.truth.differences(exporter.new_page()))
        check.expect(pathlib.Path(env.folder, PINS).exists(), "nothing is pinned after a restart")
        exporter.stop()
        return finish(check.problems, check.summary())


FAULTS = (full_disk, clock_set, cpu_hotplug, fork_bomb, bpffs_unmounted)
