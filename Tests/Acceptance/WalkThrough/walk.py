#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# walk.py
#
# Follows docs/walk-through.md like a reader: runs each command of its console blocks in an empty folder, and compares
# the output with the page.
#
# * `# `, the prompt of root, begins a command. The next lines belong to it if it ends in a backslash or has a here-document. All other lines are
#   expected output: they must be printed in this order, but other lines may be between them, and numbers may differ.
# * The page has text like "after a minute": a command with expected output is repeated until that is printed, for five minutes.
# * A block under "In a terminal of its own:" runs beside the others until the end, and Ctrl-C must end it.
# * The page's clone is the last commit of this repository.
# * At the end, each address on this machine in the page's text must respond with 200.
#
# Exit status: 0 if all output is as on the page; else 1, with the actual output.
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
TIMEOUT = 300


class Command:
    def __init__(self, text, has_own_terminal):
        self.text = text
        self.has_own_terminal = has_own_terminal
        self.shown = []

    def expected(self):
        """Returns the expected lines as a pattern: numbers and column widths may differ."""
        lines = (re.escape(line.strip()) for line in self.shown)
        lines = (re.sub(r"\d+(\\\.\d+)?(e[+-]?\d+)?", r"[-+.e\\d]+", line) for line in lines)
        lines = (re.sub(r"(\\ )+", r"\\s+", line) for line in lines)
        return re.compile(r"(?:.*\n)*?.*".join(lines))


def commands(page):
    """Returns the commands of a page's console blocks, in order."""
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
    """Returns the addresses on this machine in a page's text, which are for a browser."""
    text = re.sub(r"^```.*?^```$", "", page, flags=re.M | re.S)
    return sorted(set(re.findall(r"http://localhost:\d+[^\s`\]]*?(?=[\s`\]]|\)[.\s])", text)))


def unreachable(page):
    """Yields the addresses of a page that do not respond with 200."""
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
        """Starts a command in its own terminal, where it continues."""
        log = tempfile.TemporaryFile("w+")
        process = subprocess.Popen(
            ["bash", "-c", command.text], cwd=self.here, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.running.append((command, process, log))

    def type(self, command):
        """Runs a command in the first terminal, until its output is as expected. Returns the output, and whether it is."""
        deadline = time.monotonic() + TIMEOUT
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
        """Returns the commands in other terminals that have ended, with their output."""
        return [
            f"# {command.text}\n{tail(log)}(exit status {process.returncode})"
            for command, process, log in self.running if process.poll() is not None
        ]

    @staticmethod
    def interrupt(process):
        """Presses Ctrl-C, again after five seconds: a shell that is pid 1 of a namespace ignores it, unless its program is killed by it."""
        for _ in range(6):
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(5)
                return True
            except subprocess.TimeoutExpired:
                continue
        return False

    def close(self):
        """Sends Ctrl-C to the other terminals, the last one first. Returns the commands that did not end."""
        left = []
        for command, process, log in reversed(self.running):
            if process.poll() is not None:
                continue
            if not self.interrupt(process):
                os.killpg(process.pid, signal.SIGKILL)
                left.append(f"# {command.text}\ndoes not end after Ctrl-C")
        return left


def tail(log):
    log.seek(0)
    return log.read()[-4000:]


def main():
    # A shell has what it runs in the background ignore Ctrl-C, and so would all commands of the page.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
                output, is_right = terminals.type(command)
                print("".join(f"    {line}\n" for line in output.splitlines()[-12:]), end="")
                print(f"    ({time.monotonic() - began:.0f} s)", flush=True)
                if not is_right:
                    shown = "\n".join(command.shown)
                    sys.exit("\n".join([f"walk.py: the page shows:\n{shown}", *terminals.ended()]))
            wrong = [*unreachable(PAGE.read_text()), *terminals.ended()]
        finally:
            wrong_at_end = terminals.close()
        if wrong or wrong_at_end:
            sys.exit("\n".join(["walk.py: not as on the page:", *wrong, *wrong_at_end]))
    print(f"All output is as the page shows, in {(time.monotonic() - start) / 60:.1f} minutes.")


main()
