# SPDX-License-Identifier: Apache-2.0
"""runc containers in the cgroups of pods."""
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import time

from processes import PIDNamespace

# About ten execs per second.
BUSY = "while :; do /bin/true; /bin/sleep 0.1; done"


def new_id():
    return secrets.token_hex(32)


class Containers:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.namespace = PIDNamespace()
        self.cgroups = []
        root = self.folder / "rootfs"
        for name in ("bin", "proc", "dev"):
            (root / name).mkdir(parents=True)
        shutil.copy("/bin/busybox", root / "bin/busybox")
        for name in ("sh", "true", "sleep"):
            (root / "bin" / name).symlink_to("busybox")
        # The program of a sandbox always has this name.
        (root / "pause").write_text("#!/bin/sh\nwhile :; do sleep 60; done\n")
        (root / "pause").chmod(0o755)

    def start(self, pod_uid, identifier=None, command=("/bin/sh", "-c", BUSY)):
        """Starts a container of a pod, and returns its id."""
        identifier = identifier or new_id()
        path = self.cgroup(pod_uid, identifier)
        self.record_cgroups(path)
        bundle = self.folder / identifier
        bundle.mkdir()
        (bundle / "config.json").write_text(json.dumps({
            "ociVersion": "1.0.0",
            "process": {"user": {"uid": 0, "gid": 0}, "args": list(command), "env": ["PATH=/bin"], "cwd": "/"},
            "root": {"path": str(self.folder / "rootfs"), "readonly": True},
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
            "linux": {"cgroupsPath": path, "namespaces": [{"type": kind} for kind in ("mount", "pid", "uts", "ipc")]}}))
        self.runc("run", "--detach", "--bundle", bundle, identifier)
        return identifier

    @staticmethod
    def cgroup(pod_uid, identifier):
        return f"/kubepods/burstable/pod{pod_uid}/{identifier}"

    def runc(self, *arguments):
        # Not a pipe, which a detached container would keep open.
        with open(self.folder / "runc.log", "w+", encoding="utf-8") as log:
            done = self.namespace.run(
                ["runc", "--root", self.folder / "state", *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            log.seek(0)
            assert done.returncode == 0, f"runc {arguments[0]}: {log.read()}"

    def record_cgroups(self, path):
        """Records the missing cgroups of a path, which are removed at the end."""
        for mount in pathlib.Path("/proc/mounts").read_text().splitlines():
            _, point, kind, *_ = mount.split()
            if kind in ("cgroup", "cgroup2"):
                for parent in (*reversed(pathlib.PurePath(path).parents[:-1]), path):
                    folder = point + str(parent)
                    if not os.path.exists(folder) and folder not in self.cgroups:
                        self.cgroups.append(folder)

    def stop(self, identifier):
        self.runc("delete", "--force", identifier)

    def stop_all(self):
        self.namespace.stop()
        for cgroup in reversed(self.cgroups):
            # A process may leave its cgroup some time after its exit.
            for _ in range(50):
                # Others use it.
                if not os.path.exists(cgroup) or any(entry.is_dir() for entry in os.scandir(cgroup)):
                    break
                try:
                    os.rmdir(cgroup)
                except OSError:
                    time.sleep(0.1)
