# SPDX-License-Identifier: Apache-2.0
"""Faults that hang: file systems that do not answer, a log that nobody reads, a polling thread that stops."""
import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from checks import wait
from environment import Cgroup, Exporter, is_removed
from processes import start
from promises import Check, promise, running


@contextlib.contextmanager
def file_system(env):
    """A folder on a FUSE file system, and the process that serves it. Without an answer, a call hangs as on a network file system."""
    mounted = pathlib.Path(env.folder, "hung")
    mounted.mkdir()
    with tempfile.TemporaryDirectory(prefix="pidns-files-") as files:
        server = start(["bindfs", "-f", "-o", "attr_timeout=0,entry_timeout=0", files, mounted])
        try:
            wait("it is mounted", lambda: os.path.ismount(mounted), 60)
            yield mounted, server
        finally:
            # Ends calls that hang.
            server.kill()
            server.wait()
            subprocess.run(["umount", "--lazy", mounted], check=False)
            mounted.rmdir()


def hung_files(env):
    """The file systems that it reads and writes do not answer."""
    finish = promise(
        env, "the file system of the state file, of Docker's names and of the web configuration does not answer, while a container begins; then it answers; then SIGKILL",
        "polls and liveness do not fail; the log and `/-/healthy` report it; the name follows; every event is counted once, also through the kill")
    identity = f"{time.time_ns():064d}"
    group = Cgroup("pids", f"pidns-faults-{time.time_ns()}")
    named = group.folder / f"docker-{identity}.scope"
    named.mkdir()
    try:
        with file_system(env) as (mounted, server):
            (mounted / "state").mkdir(mode=0o700)
            container = mounted / "docker/containers" / identity
            container.mkdir(parents=True)
            (mounted / "web.yml").write_text("basic_auth_users: {}\n")
            exporter = Exporter(env, pinned=True)
            exporter.flags[-1] = f"--state.file={mounted}/state/state"
            exporter.flags.remove("--no-local-names")
            exporter.flags += [f"--docker.root={mounted}/docker", f"--web.config.file={mounted}/web.yml"]
            with running(exporter.run()):
                check = Check(env, exporter)
                exporter.do("mixed", "--count", 50)
                wait("a state is written", (mounted / "state/state").exists)
                (container / "config.v2.json").write_text('{"Name":"/late","Config":{"Image":"shop:7"}}')
                server.send_signal(signal.SIGSTOP)
                load = exporter.begin("churn", "--namespaces", 20, "--execs", 10)
                inside = start(
                    ["sh", "-c", 'echo 0 >"$0/cgroup.procs" && exec "$@"', str(named), env.workload, "mixed", "--count", "50"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
                exporter.finish(inside)
                exporter.finish(load)
                wait("writes fail", lambda: exporter.page()["pidns_state_write_failures_total"] > 0, 120)
                # Each call that hangs has delayed one poll, and no further one.
                for _ in range(3):
                    exporter.do("mixed", "--count", 20)
                    page = exporter.new_page()
                    check.problems += list(exporter.truth.differences(page))[:5]
                    check.expect(page["pidns_up"] == 1, "pidns_up is not 1")
                check.expect_problem("state cannot be written")
                check.expect_log("state not written")
                check.expect_log("web configuration cannot be checked for changes")
                server.send_signal(signal.SIGCONT)
                wait("it is healthy", exporter.is_healthy, 120)
                wait("the name is known", lambda: 'container="late"' in exporter.get("/metrics")[1], 120)
                check.expect_log("state is written again")
                check.expect_log("web configuration can be checked again")
                exporter.kill()
                exporter.do("mixed", "--count", 50)
                exporter.run()
                check.complete()
                return finish(check.problems, check.summary())
    finally:
        wait("its cgroup is removed", lambda: is_removed(named))
        group.remove()


def unread_log(env):
    """stderr is a full pipe, as of a log collector that hangs."""
    finish = promise(
        env, "its stderr is a full pipe that nobody reads, while it has something to log", "polls and liveness do not fail; lines are dropped; every event is counted once")
    pipe, config = pathlib.Path(env.folder, "pipe"), pathlib.Path(env.folder, "web.yml")
    os.mkfifo(pipe)
    # Keeps a reader, which reads nothing.
    reader = os.open(pipe, os.O_RDWR)
    try:
        config.write_text("basic_auth_users: {}\n")
        exporter = Exporter(env, f"--web.config.file={config}")
        with running(exporter.run(log=pipe)):
            check = Check(env, exporter)
            filler = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            with contextlib.suppress(BlockingIOError):
                while True:
                    os.write(filler, bytes(4096))
            os.close(filler)
            before = exporter.page()["pidns_web_config_last_reload_success_timestamp_seconds"]
            for number in range(3):
                config.write_text(f"basic_auth_users: {{}}\n# {number}\n")
                # Each is logged.
                wait("it is read again", lambda before=before: exporter.page()["pidns_web_config_last_reload_success_timestamp_seconds"] > before, 120)
                before = exporter.page()["pidns_web_config_last_reload_success_timestamp_seconds"]
                exporter.do("mixed", "--count", 50)
                check.problems += list(exporter.truth.differences(exporter.new_page()))[:5]
            check.complete()
            return finish(check.problems, check.summary())
    finally:
        os.close(reader)
        pipe.unlink()


class StoppedThread:
    """Stops one thread of a process, by ptrace: its other threads run."""
    SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17

    def __init__(self, thread):
        self.thread = thread
        self.library = ctypes.CDLL(None, use_errno=True)
        self.library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self.call(self.SEIZE)
        self.call(self.INTERRUPT)
        # Not left to Popen, which takes it for an end.
        _, status = os.waitpid(thread, 0)
        assert os.WIFSTOPPED(status), status

    def call(self, request):
        if self.library.ptrace(request, self.thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def release(self):
        self.call(self.DETACH)


def hung_poller(env):
    """The polling thread stops."""
    finish = promise(
        env, "the polling thread is stopped, until liveness fails; then it continues",
        "after two minutes `/-/healthy` is 503 and `pidns_up` is 0; the page is still served; the log reports both; every event is counted once afterwards")
    with running(Exporter(env).run()) as exporter:
        check = Check(env, exporter)
        exporter.do("mixed", "--count", 50)
        exporter.new_page()
        # The first thread polls.
        thread, began = StoppedThread(exporter.process.pid), time.monotonic()
        try:
            exporter.do("churn", "--namespaces", 50, "--execs", 10)
            check.expect(exporter.is_healthy(), f"/-/healthy at once: {exporter.health()}")
            wait("liveness fails", lambda: exporter.get("/-/healthy")[0] == 503, 300)
            seconds = time.monotonic() - began
            line = exporter.get("/-/healthy")[1]
            check.expect(line.startswith("Not healthy: polling has stopped "), line)
            check.expect(seconds > 120, f"liveness failed after {seconds:.0f} s")
            check.expect(exporter.page()["pidns_up"] == 0, "pidns_up is not 0")
            check.expect_log("polling has stopped")
            exporter.do("mixed", "--count", 50)
        finally:
            thread.release()
        wait("it is healthy", exporter.is_healthy, 60)
        page = check.complete()
        check.expect(page["pidns_up"] == 1, "pidns_up is not 1")
        check.expect_disturbance("a poll was late")
        check.expect_log("polling continues")
        return finish(check.problems, f"{check.summary()}; liveness failed after {seconds:.0f} s")


FAULTS = (hung_files, unread_log, hung_poller)
