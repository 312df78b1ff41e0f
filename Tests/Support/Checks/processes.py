# SPDX-License-Identifier: Apache-2.0
"""Processes that end with this one, even if it is killed."""
import pathlib
import signal
import subprocess
import urllib.request

from checks import wait

BOUND = ("setpriv", "--pdeathsig", "KILL")


def start(command, **options):
    """Starts a command. Must run on the main thread: the signal is sent when the thread that started it ends."""
    return subprocess.Popen([*BOUND, *command], **options)


class Service:
    """A program that serves HTTP. Its log is NAME.log in a folder."""

    def __init__(self, name, command, folder, url, ready, **options):
        """Returns when GET of the path `ready` succeeds."""
        self.name, self.url = name, url
        self.log_file = pathlib.Path(folder, f"{name.replace(' ', '-')}.log")
        with open(self.log_file, "wb") as log:
            self.process = start(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)
        wait(f"{name} is ready", lambda: self.is_ready(ready))

    def is_ready(self, path):
        assert self.process.poll() is None, f"{self.name} has exited: {self.log()}"
        try:
            self.get(path)
            return True
        except OSError:
            return False

    def get(self, path):
        """Returns the body."""
        with urllib.request.urlopen(self.url + path, timeout=30) as response:
            return response.read().decode()

    def log(self):
        return self.log_file.read_text()

    def stop(self):
        """Sends SIGTERM, and returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


class PIDNamespace:
    """A PID namespace. All processes in it end with this one, daemons included."""

    def __init__(self):
        # Its init ignores SIGCHLD, so it leaves no zombies.
        script = "echo ready && exec env --ignore-signal=CHLD sleep infinity"
        self.process = start(
            ["unshare", "--pid", "--mount", "--mount-proc", "--fork", "--kill-child", "sh", "-c", script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n", "no PID namespace"

    def run(self, command, **options):
        """Runs a command in it, and waits for its end."""
        namespaces = f"/proc/{self.process.pid}/ns"
        return subprocess.run(
            ["nsenter", f"--mount={namespaces}/mnt", f"--pid={namespaces}/pid_for_children", *command], **options)

    def stop(self):
        self.process.kill()
        self.process.wait()
