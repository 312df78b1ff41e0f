#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare.py WHAT LOG: compares the exporter's counts in a machine's log (in-machine.sh) with the records of the services.

WHAT is counts, guests, systemd, sums or series, see their functions. Prints the differences; exits with 1 if there are any.
"""
import collections
import re
import sys

HOST = "4026531836"
# The services, and the unit under which their events are shown, where that is not the service itself.
SHOWN_AS = {"unnamed": "system.slice"}
# What `systemctl show` has to report at the first look: ExecMainStatus, Result.
ENDS = {
    "completes": ("0", "success"), "fails": ("3", "exit-code"), "crash-loop": ("11", "signal"), "forks": ("0", "success"),
    "children": ("0", "success"), "phases": ("0", "success"), "delegated": ("0", "success"), "missing": ("203", "exit-code"),
    "worker@1": ("0", "success"), "stays": ("0", "success"), "recovers": ("0", "success"), "job": ("0", "success"),
    "dumps": ("0", "success"), "threads": ("0", "success"), "grows": ("0", "success"), "outgrows": ("9", "oom-kill"),
    "keeps": ("0", "success"),
}


class Look:
    """The state at one moment: records and systemd's properties by service, samples by name and labels."""

    def __init__(self):
        self.records = collections.defaultdict(list)
        self.shown = collections.defaultdict(dict)
        self.samples = {}
        # System containers: their PID namespaces, and their services' records by guest and service.
        self.guests = {}
        self.guest_records = collections.defaultdict(list)

    def values(self, name, label, **labels):
        """The sums of the samples that have these labels, by another label."""
        sums = collections.Counter()
        for (sample, its), value in self.samples.items():
            if sample == name and set(labels.items()) <= its:
                sums[dict(its)[label]] += value
        return sums

    def value(self, name, **labels):
        """The sum of the samples that have these labels."""
        return sum(value for (sample, its), value in self.samples.items()
                   if sample == name and set(labels.items()) <= its)


def parse(record):
    """Returns the counts of a record by name."""
    return {name: int(value) for name, value in (count.split("=") for count in record)}


def read(path):
    """Returns the looks of a log, and the version of systemd in it."""
    looks, version = [], 0
    with open(path, encoding="utf-8") as log:
        for line in log:
            word, _, rest = line.rstrip("\n").removeprefix("@@ ").partition(" ")
            if not line.startswith("@@ "):
                continue
            if word == "fact" and rest.startswith("systemd "):
                version = int(rest.split()[1])
            elif word == "look":
                looks.append(Look())
            elif word == "record":
                service, *record = rest.split()
                looks[-1].records[service].append(parse(record))
            elif word == "guest":
                looks[-1].guests.update([rest.split()])
            elif word == "guest-record":
                guest, service, *record = rest.split()
                looks[-1].guest_records[guest, service].append(parse(record))
            elif word == "show":
                service, _, setting = rest.partition(" ")
                looks[-1].shown[service].update([setting.split("=", 1)])
            elif word == "metric":
                sample = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", rest)
                labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', sample[2] or ""))
                looks[-1].samples[sample[1], frozenset(labels.items())] = float(sample[3])
            elif word == "error":
                sys.exit(f"compare.py: {rest}")
    if len(looks) != 4 or not version:
        sys.exit(f"compare.py: {path} has {len(looks)} looks, and systemd {version}")
    return looks, version


def started(version):
    """The events of a unit when systemd starts a program in it: see docs/containers.md, Units of systemd."""
    return collections.Counter({252: {"forks": 0, "execs": 1}, 257: {"forks": 1, "execs": 2}}[version])


def expected(records, version, is_alive):
    """The counts of a unit whose programs wrote these records. Each was started by systemd in a process of its own.

    is_alive: whether a program that stays has not been stopped. It has recorded its end before, with that of its child.
    """
    truth = collections.Counter()
    for record in records:
        truth.update(record)
        truth.update(started(version))
    stays = records[-1]["SIGTERM"] if is_alive else 0
    truth["SIGTERM"] -= stays
    truth |= {"signaled": truth["SIGSEGV"] + truth["SIGTERM"] + truth["SIGKILL"], "alive": truth["alive"] + stays, "exit_0": truth["completed"],
              "unit_commands": len(records)}
    return truth


def differences(look, truth, **labels):
    """The counts of a unit in the exporter's series that differ from the truth, in words."""
    counted = look.values("pidns_process_exits_total", "reason", **labels)
    counted.update(look.values("pidns_process_signal_deaths_total", "signal", **labels))
    counted.update(look.values("pidns_process_exec_failures_total", "errno", **labels))
    counted.update({f"exit_{code}": value for code, value in look.values("pidns_process_exit_codes_total", "exit_code", **labels).items()})
    for name in ("process_forks", "process_execs", "process_core_dumps", "thread_starts", "oom_kills", "unit_commands"):
        counted[name.removeprefix("process_")] = look.value(f"pidns_{name}_total", **labels)
    counted["alive"] = look.value("pidns_processes", **labels)
    for name in sorted(counted.keys() | truth.keys()):
        if counted[name] != truth[name]:
            yield f"{labels}: {name} {counted[name]:.0f}, not {truth[name]}"


def counts(looks, version):
    """Each unit's counts equal its own records."""
    for number, look in enumerate(looks):
        for service, records in look.records.items():
            truth = expected(records, version, is_alive=number < 2)
            unit = SHOWN_AS.get(service, f"{service}.service")
            yield from differences(look, truth, pidns=HOST, container="", unit=unit)
            # Each record is of a start, but in `phases` of a command of its one start. `keeps` has one cgroup for all of them.
            starts = look.value("pidns_unit_starts_total", pidns=HOST, container="", unit=unit)
            if unit.endswith(".service") and starts != (1 if service in ("phases", "keeps") else len(records)):
                yield f"{unit}: {starts:.0f} starts, and {len(records)} records"
        # The program does not exist: the process of systemd looks for it, and exits with 203.
        truth = started(version)
        truth.update(execs=-1, error=1, exit_203=1, unit_commands=truth["execs"] - 1)
        yield from differences(look, truth, pidns=HOST, container="", unit="missing.service")


def guests(looks, version):
    """The same for the units of system containers."""
    look = looks[-1]
    if len(look.guests) != 2 or not look.guest_records:
        yield f"{len(look.guests)} guests, {len(look.guest_records)} records"
    for (guest, service), records in look.guest_records.items():
        truth = expected(records, version, is_alive=True)
        yield from differences(look, truth, pidns=look.guests[guest], container=guest, unit=f"{service}.service")


def systemd(looks, version):
    """systemd agrees: restarts, exit status and result."""
    del version
    look = looks[0]
    for service, (status, result) in ENDS.items():
        shown = look.shown[service]
        # systemd counts the restart that its limit refused, too.
        starts = len(look.records[service])
        restarts = {"crash-loop": starts, "recovers": starts - 1, "keeps": starts - 1}.get(service, 0)
        for name, value in (("ExecMainStatus", status), ("Result", result), ("NRestarts", str(restarts))):
            if shown.get(name) != value:
                yield f"{service}: {name} is {shown.get(name)}, not {value}"


def sums(looks, version):
    """The series add up to the node's totals, and nothing is lost."""
    del version
    for number, look in enumerate(looks):
        for name in ("execs", "forks", "exits"):
            total = look.value(f"pidns_node_process_{name}_total")
            series = look.value(f"pidns_process_{name}_total")
            host = look.value(f"pidns_process_{name}_total", pidns=HOST)
            if not total or series != total:
                yield f"look {number + 1}: {name} {series:.0f} in all series, {host:.0f} of the host, {total:.0f} in the node's total"
        for name in ("pidns_bpf_events_dropped_total", "pidns_bpf_program_misses_total", "pidns_cgroups_dropped_total"):
            if look.value(name):
                yield f"look {number + 1}: {name} {look.value(name):.0f}"


def series(looks, version):
    """Every series continues, and none decreases."""
    del version
    for before, after in zip(looks, looks[1:]):
        for (name, labels), value in before.samples.items():
            if name.startswith("pidns_process_") and name.endswith("_total") and not after.samples.get((name, labels), -1) >= value:
                yield f"{name}{dict(labels)} was {value:.0f}, is {after.samples.get((name, labels))}"


def main():
    what, path = sys.argv[1:]
    problems = list({"counts": counts, "guests": guests, "systemd": systemd, "sums": sums, "series": series}[what](*read(path)))
    print("\n".join(problems))
    sys.exit(bool(problems))


main()
