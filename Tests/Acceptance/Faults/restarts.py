# SPDX-License-Identifier: Apache-2.0
"""Faults of the process: it is killed, stopped, or gets too little."""
import http.client
import pathlib
import random
import signal
import subprocess
import time

from checks import wait
from environment import PORT, Cgroup, Exporter
from promises import Check, promise, running

COUNTED = "every event is counted once"


def killed(env):
    """SIGKILL at random moments, with pins."""
    finish = promise(env, f"SIGKILL at {env.arguments.kills} random moments under load, with `--bpf.pin`", COUNTED)
    with running(Exporter(env, pinned=True).run()) as exporter:
        exporter.do("mixed", "--count", 100)
        check = Check(env, exporter)
        for _ in range(env.arguments.kills):
            load = exporter.begin("churn", "--namespaces", 20, "--execs", 20)
            time.sleep(random.uniform(0, 0.5))
            exporter.kill()
            exporter.do("signals")
            exporter.run()
            exporter.finish(load)
        check.complete()
        return finish(check.problems, check.summary())


def stopped(env):
    """SIGSTOP."""
    seconds = env.arguments.stop
    finish = promise(
        env, f"SIGSTOP for {seconds:.0f} s under load", f"{COUNTED}; it answers again; liveness does not fail; the log has the pause")
    with running(Exporter(env, "--poll.interval=1s").run()) as exporter:
        check = Check(env, exporter)
        load = exporter.begin("background", "--seconds", int(seconds))
        exporter.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        exporter.process.send_signal(signal.SIGCONT)
        status, line = exporter.get("/-/healthy")
        check.expect(status == 200, f"/-/healthy answers {status}: {line}")
        exporter.finish(load)
        check.complete()
        check.expect_disturbance("a poll was late")
        check.expect_log("poll was late")
        return finish(check.problems, check.summary())


def little_cpu(env):
    """A quota of 1 % of a CPU."""
    finish = promise(env, "a quota of 1 % of a CPU, under load", f"{COUNTED}; pages are old, but answered")
    group = Cgroup("cpu", f"pidns-faults-{time.time_ns()}")
    group.set("cpu.cfs_quota_us", "cpu.max", 1000 if group.is_first else "1000 100000")
    try:
        with running(Exporter(env).run()) as exporter:
            check = Check(env, exporter)
            group.add(exporter.process.pid)
            exporter.do("churn", "--namespaces", 100, "--execs", 10)
            began = time.monotonic()
            page = exporter.new_page()
            seconds = time.monotonic() - began
            check.problems += list(exporter.truth.differences(page))[:10]
            group.set("cpu.cfs_quota_us", "cpu.max", -1 if group.is_first else "max")
            check.complete()
            return finish(check.problems, f"{check.summary()}; the next poll took {seconds:.1f} s to appear")
    finally:
        group.remove()


def little_memory(env):
    """A memory limit below what it needs: the kernel kills it."""
    finish = promise(
        env, "a memory limit of 4 MB, so that the kernel kills it, with `--bpf.pin`; then enough", f"{COUNTED}, also while it is dead")
    exporter = Exporter(env, pinned=True).run()
    group = Cgroup("memory", f"pidns-faults-{time.time_ns()}")
    try:
        with running(exporter):
            check = Check(env, exporter)
            exporter.kill()
            group.set("memory.limit_in_bytes", "memory.max", 4 << 20)
            group.set(None, "memory.swap.max", 0)
            exporter.wrapper = group.wrapper()
            exporter.launch()
            status = exporter.process.wait(300)
            check.expect(status in (-signal.SIGKILL, 1), f"it ended with {status}")
            exporter.do("mixed", "--count", 500)
            group.set("memory.limit_in_bytes", "memory.max", -1 if group.is_first else "max")
            exporter.run()
            check.complete()
            return finish(check.problems, f"it ended with {'SIGKILL' if status < 0 else status}; {check.summary()}")
    finally:
        group.remove()


def no_descriptors(env):
    """The limit of descriptors is what it has open."""
    finish = promise(
        env, "no free file descriptor", f"polls fail, `pidns_up` is 0 on a connection that is open, {COUNTED} afterwards")
    with running(Exporter(env).run()) as exporter:
        check = Check(env, exporter)
        scraper = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)

        def is_up():
            scraper.request("GET", "/metrics")
            return "\npidns_up 1\n" in scraper.getresponse().read().decode()
        check.expect(is_up(), "it is not up")
        numbers = {int(file.name) for file in pathlib.Path(f"/proc/{exporter.process.pid}/fd").iterdir()}
        limit = next(number for number in range(len(numbers) + 1) if number not in numbers)

        def set_limit(number):
            subprocess.run(["prlimit", "--pid", str(exporter.process.pid), f"--nofile={number}:"], check=True)
        set_limit(limit)
        wait("pidns_up is 0", lambda: not is_up(), 60)
        exporter.do("mixed", "--count", 300)
        set_limit(1024)
        wait("pidns_up is 1", is_up, 60)
        scraper.close()
        check.complete()
        check.expect_log("poll failed")
        check.expect_log("polls succeed again")
        return finish(check.problems, check.summary())


FAULTS = (killed, stopped, little_cpu, little_memory, no_descriptors)
