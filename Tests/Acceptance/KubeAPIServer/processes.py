# SPDX-License-Identifier: Apache-2.0
"""Processes that end with this one, also when it is killed."""
import subprocess

BOUND = ("setpriv", "--pdeathsig", "KILL")


def start(command, **options):
    """Starts a command. Must run on the main thread: the signal is sent when the thread that started it ends."""
    return subprocess.Popen([*BOUND, *command], **options)


class PIDNamespace:
    """A PID namespace. All processes in it end with this one, also those that have detached themselves."""

    def __init__(self):
        # Ignoring SIGCHLD, its init leaves no zombies.
        script = "echo ready && exec env --ignore-signal=CHLD sleep infinity"
        self.process = start(
            ["unshare", "--pid", "--mount", "--mount-proc", "--fork", "--kill-child", "sh", "-c", script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n", "no PID namespace"

    def run(self, command, **options):
        """Runs a command in it, to its end."""
        namespaces = f"/proc/{self.process.pid}/ns"
        return subprocess.run(
            ["nsenter", f"--mount={namespaces}/mnt", f"--pid={namespaces}/pid_for_children", *command], **options)

    def stop(self):
        self.process.kill()
        self.process.wait()
