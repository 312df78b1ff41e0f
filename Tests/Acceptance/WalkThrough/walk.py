#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# walk.py
#
# Follows docs/walk-through.md as a reader would: types each command of its console blocks as written, in an empty
# folder, and compares the output with what the page shows.
#
# * `# ` begins a command, as root's prompt does. What follows belongs to it where it ends in a backslash or has a here-document; else it is shown:
#   it has to be printed in this order, with other lines between, as the page leaves some out; numbers may be others.
# * The page says "after a minute" and the like: a command that shows something is typed again until that comes, for five minutes.
# * A block under "In a terminal of its own:" runs beside the others until the end, when Ctrl-C has to end it.
# * What the page clones is what is committed here.
# * At the end, each address on this machine that the page's text names has to answer with 200.
#
# Exit status: 0 if everything came as shown; 1 and what came instead if not.
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/walk-through.md"
PATIENCE = 300


class Command:
    def __init__(self, text, has_own_terminal):
        self.text = text
        self.has_own_terminal = has_own_terminal
        self.shown = []

    def expected(self):
        """The shown lines as a pattern: numbers, and the widths of columns, may be others."""
        lines = (re.escape(line.strip()) for line in self.shown)
        lines = (re.sub(r"\d+(\\\.\d+)?(e[+-]?\d+)?", r"[-+.e\\d]+", line) for line in lines)
        lines = (re.sub(r"(\\ )+", r"\\s+", line) for line in lines)
        return re.compile(r"(?:.*\n)*?.*".join(lines))


def commands(page):
    """The commands of a page's console blocks, in their order."""
    found, inside, before, here_document = [], False, "", None
    for line in page.splitlines():
        if line.startswith("```"):
            inside = line == "```console"
        elif not inside:
            before = line or before
        elif here_document:
            found[-1].text += "\n" + line
            here_document = None if line == here_document else here_document
        elif line.startswith("# "):
            found.append(Command(line[2:], before.endswith("n a terminal of its own:")))
        elif found[-1].text.endswith("\\"):
            found[-1].text += "\n" + line
        else:
            found[-1].shown.append(line)
        if inside and (start := re.search(r"<<'(\w+)'$", line)):
            here_document = start[1]
    return found


def addresses(page):
    """The addresses on this machine that the text of a page names: those for a browser."""
    text = re.sub(r"^```.*?^```$", "", page, flags=re.M | re.S)
    return sorted(set(re.findall(r"http://localhost:\d+[^\s`\]]*?(?=[\s`\]]|\)[.\s])", text)))


def broken(page):
    """What the addresses of a page answer that is not 200."""
    for address in addresses(page):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                print(f"{address}: {answer.status}", flush=True)
        except OSError as error:
            yield f"{address}: {error}"


class Terminals:
    def __init__(self, folder):
        self.folder = folder
        self.state = pathlib.Path(folder, ".where")
        self.here = folder
        self.running = []
        self.environment = dict(
            os.environ, GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0=f"url.file://{ROOT}.insteadOf",
            GIT_CONFIG_VALUE_0="https://github.com/pidns-exporter/pidns-exporter")

    def open(self, command):
        """Types a command into a terminal of its own, where it goes on."""
        log = tempfile.TemporaryFile("w+")
        process = subprocess.Popen(
            ["bash", "-c", command.text], cwd=self.here, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.running.append((command, process, log))

    def type(self, command):
        """Types a command into the first terminal, until what is shown comes: what came, and whether it is that."""
        deadline = time.monotonic() + PATIENCE
        while True:
            done = subprocess.run(
                ["bash", "-c", f"{command.text}\nstatus=$?; pwd >'{self.state}'; exit $status"], cwd=self.here,
                env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode == 0 and command.expected().search(done.stdout):
                self.here = self.state.read_text().strip()
                return done.stdout, True
            if not command.shown or time.monotonic() > deadline or self.ended():
                return done.stdout + f"(exit status {done.returncode})", False
            time.sleep(1)

    def ended(self):
        """What has ended in the other terminals, which should go on, and what it said."""
        return [
            f"# {command.text}\n{said(log)}(exit status {process.returncode})"
            for command, process, log in self.running if process.poll() is not None
        ]

    def close(self):
        """Ctrl-C in each of the others, the last one first: what did not end by that."""
        left = []
        for command, process, log in reversed(self.running):
            if process.poll() is not None:
                continue
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                left.append(f"# {command.text}\ngoes on after Ctrl-C")
        return left


def said(log):
    log.seek(0)
    return log.read()[-4000:]


def main():
    with tempfile.TemporaryDirectory(prefix="pidns-walk-") as folder:
        terminals = Terminals(folder)
        start = time.monotonic()
        try:
            for command in commands(PAGE.read_text()):
                print(f"# {command.text}", flush=True)
                began = time.monotonic()
                if command.has_own_terminal:
                    terminals.open(command)
                    continue
                came, is_right = terminals.type(command)
                print("".join(f"    {line}\n" for line in came.splitlines()[-12:]), end="")
                print(f"    ({time.monotonic() - began:.0f} s)", flush=True)
                if not is_right:
                    shown = "\n".join(command.shown)
                    sys.exit("\n".join([f"walk.py: the page shows:\n{shown}", *terminals.ended()]))
            wrong = [*broken(PAGE.read_text()), *terminals.ended()]
        finally:
            wrong_at_end = terminals.close()
        if wrong or wrong_at_end:
            sys.exit("\n".join(["walk.py: not as the page says:", *wrong, *wrong_at_end]))
    print(f"All came as the page shows, in {(time.monotonic() - start) / 60:.1f} minutes.")


main()
