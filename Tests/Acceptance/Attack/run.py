#!/usr/bin/python3 -B
# SPDX-License-Identifier: Apache-2.0
"""Attacks the exporter's port in every way, while a scraper, two probes and a browser use it. See README.md.

Needs root, and its own network and PID namespace: unshare --net --pid --mount-proc --fork --kill-child run.py EXPORTER
"""
import argparse
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Support/Checks"))
from attackers import KINDS
from checks import exit_on_signals, wait
from environment import PORT, SERVER, Clients, Exporter, attack, set_up_network, start_namespaces
from scan import scan

SLOWHTTPTEST = {"slow headers": "-H", "slow body": "-B", "ranges": "-R", "slow read": "-X"}
GROWTH = 2.0    # MB


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exporter", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=300, help="duration of each attack (300)")
    parser.add_argument("--connections", type=int, default=10_000, help="connections of each attack (10000)")
    parser.add_argument("--rate", type=int, default=1_000, help="connections that are opened in a second (1000)")
    parser.add_argument("--kinds", default=",".join(KINDS), help="attacks, separated by commas (all)")
    parser.add_argument("--sources", default="1,200", help="numbers of addresses that attack (1,200)")
    parser.add_argument("--no-testssl", action="store_true", help="without testssl.sh")
    parser.add_argument("--no-slowhttptest", action="store_true", help="without slowhttptest")
    return parser.parse_args()


class Run:
    def __init__(self, arguments, exporter):
        self.arguments, self.exporter = arguments, exporter
        self.rows, self.problems = [], []
        # All pages have been made once: what stays in memory for that is not a leak.
        warm_up = Clients(exporter.web)
        time.sleep(10)
        self.note("warm-up", warm_up.stop())
        self.first = exporter.descriptors, exporter.resident

    def note(self, what, clients, excused=()):
        """Returns the slowest answer; notes problems of clients that are not excused."""
        clients = [client for client in clients if client["name"] not in excused]
        for client in clients:
            self.problems += [f"{what}: {problem}" for problem in client["problems"]]
        slowest = max(clients, key=lambda client: client["slowest"])
        return f"{slowest['slowest'] * 1000:.0f} ms ({slowest['name']})"

    def measure(self, what, sources, action, excused=()):
        """Runs an attack beside the clients. Adds a row to the table."""
        exporter = self.exporter
        # The exporter may have dropped code that it reads again: that is no growth.
        descriptors, before = exporter.descriptors, max(exporter.resident, self.first[1])
        refused, scheduled = exporter.refused(), exporter.scheduled
        clients = Clients(exporter.web)
        made = action()
        answered = self.note(f"{what}, {sources}", clients.stop(), excused)
        ran, waited = (now - then for now, then in zip(exporter.scheduled, scheduled))
        after_descriptors, after = exporter.wait_until_quiet(descriptors, before + GROWTH)
        if after_descriptors > descriptors:
            self.problems.append(f"{what}, {sources}: {after_descriptors - descriptors} more descriptors than before")
        if after > before + GROWTH:
            self.problems.append(f"{what}, {sources}: {after - before:.1f} MB more than before")
        reasons = {reason: count - refused[reason] for reason, count in exporter.refused().items()}
        reasons = ", ".join(f"{reason} {count}" for reason, count in reasons.items() if count) or "none"
        self.rows.append((
            what, sources, made, reasons, answered, f"{ran:.1f}", f"{waited:.1f}", f"{before:.1f}", f"{after:.1f}"))
        print("| " + " | ".join(map(str, self.rows[-1])) + " |", flush=True)

    def attack(self, kind, sources):
        def act():
            arguments, compared = self.arguments, self.exporter.wrong_passwords()
            made = attack(kind, arguments.connections, sources, arguments.seconds, arguments.rate)["made"]
            if kind == "wrong-passwords":
                wait("wrong passwords are counted", lambda: self.exporter.wrong_passwords() > compared)
            return made
        # A browser that nobody knows waits with those that attack, or is refused in an overload.
        self.measure(KINDS[kind].__doc__, sources, act, ("browser",) if kind in ("pages", "unread-pages", "wrong-passwords") else ())

    def slowhttptest(self, mode):
        def act():
            arguments = self.arguments
            output = subprocess.run(
                ["slowhttptest", SLOWHTTPTEST[mode], "-c", str(arguments.connections), "-r", str(min(arguments.rate, 1000)),
                 "-l", str(min(arguments.seconds, 60)), "-i", "1", "-p", "1", "-u", f"http://{SERVER}:{PORT}/metrics"],
                capture_output=True, text=True, timeout=arguments.seconds + 300, check=True).stdout
            # Once in some seconds, in colours.
            states = re.findall(r"service available:\s*(YES|NO)", re.sub(r"\x1b\[[\d;]*m", "", output))
            if set(states) != {"YES"}:
                self.problems.append(f"slowhttptest, {mode}: service available: {states or output[-300:]}")
            return f"service available: {states.count('YES')} of {len(states)} times"
        self.measure(f"slowhttptest, {mode}", 1, act)

    def scan(self, folder):
        checks, found = scan(folder, f"{SERVER}:{PORT}")
        if checks < 100:
            self.problems.append(f"testssl.sh did only {checks} checks")
        print(f"testssl.sh: {checks} checks, {len(found)} findings of medium severity or worse", flush=True)
        self.problems += found

    def finish(self):
        descriptors, resident = self.first
        if self.exporter.resident > resident + GROWTH:
            self.problems.append(f"in all: {self.exporter.resident - resident:.1f} MB more than before the first attack")
        if self.exporter.descriptors > descriptors:
            self.problems.append("in all: more descriptors than before the first attack")
        lines = [line for line in self.exporter.log().splitlines() if "level=warn" in line or "level=error" in line]
        print(f"The exporter logged {len(lines)} warnings:")
        for line in lines[:10]:
            print(f"    {line}")


def main():
    arguments = parse()
    exit_on_signals()
    set_up_network()
    with tempfile.TemporaryDirectory(prefix="pidns-attack-") as folder:
        start_namespaces()
        print("| attack | addresses | connections | refused | slowest answer | CPU s | waited for a CPU, s | MB before | MB after |")
        print("|---|---|---|---|---|---|---|---|---|", flush=True)
        problems, attacks = [], 0
        for web in (None, "tls", "password"):
            kinds = [kind for kind in arguments.kinds.split(",") if KINDS[kind].web == web]
            modes = [] if arguments.no_slowhttptest or web else list(SLOWHTTPTEST)
            scans = web == "tls" and not arguments.no_testssl
            if not kinds and not modes and not scans:
                continue
            exporter = Exporter(arguments.exporter.absolute(), folder, web)
            run = Run(arguments, exporter)
            for kind in kinds:
                for sources in map(int, arguments.sources.split(",")):
                    run.attack(kind, sources)
            for mode in modes:
                run.slowhttptest(mode)
            if scans:
                run.scan(folder)
            run.finish()
            status = exporter.stop()
            if status != 0:
                run.problems.append(f"the exporter exited with {status}")
            problems += run.problems
            attacks += len(run.rows)
    for problem in problems[:50]:
        print(f"FAILED  {problem}")
    if len(problems) > 50:
        print(f"        … and {len(problems) - 50} more")
    print(f"{attacks} attacks, {len(problems)} problems")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
