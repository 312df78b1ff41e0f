# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of an acceptance suite in Python, and prints each result."""
import signal
import sys
import time
import traceback


def wait(what, holds, timeout=300):
    """Returns the first true value of holds(); fails after timeout seconds."""
    deadline = time.monotonic() + timeout
    while not (value := holds()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout} s it is still not true that {what}")
        time.sleep(0.1)
    return value


def exit_on_signals():
    """Makes SIGTERM and SIGINT exit, so that `finally` stops everything that was started. A shell makes background jobs ignore
    SIGINT, hence both."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit("interrupted"))


class Suite:
    """Tests, in the order of their definition. A test's docstring is its name. It fails if it raises, or yields problems."""

    def __init__(self):
        self.tests = []
        self.passed = self.failed = 0
        self.began = time.monotonic()

    def test(self, function):
        """A decorator."""
        self.tests.append(function)
        return function

    def run(self, env, after_failure=lambda: None):
        """Runs all tests. After a failure, after_failure() prepares the next one."""
        for test in self.tests:
            began = time.monotonic()
            try:
                problems = list(test(env) or ())
            except Exception:
                problems = [traceback.format_exc()]
            print(f"{'FAILED' if problems else 'ok    '}  {test.__doc__} ({time.monotonic() - began:.0f} s)", flush=True)
            for problem in problems[:20]:
                print(f"        {problem}")
            if len(problems) > 20:
                print(f"        … and {len(problems) - 20} more")
            self.passed, self.failed = self.passed + (not problems), self.failed + bool(problems)
            if problems:
                after_failure()

    def exit(self):
        """Prints the counts as the last line, and exits."""
        print(f"{self.passed} passed, {self.failed} failed ({time.monotonic() - self.began:.0f} s)")
        sys.exit(self.failed != 0)
