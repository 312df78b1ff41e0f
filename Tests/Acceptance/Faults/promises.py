# SPDX-License-Identifier: Apache-2.0
"""What holds after each fault."""
import contextlib
import time

from checks import wait


class Check:
    """What the exporter used before a fault, and the problems afterwards."""

    def __init__(self, env, exporter):
        self.env, self.exporter = env, exporter
        # All pages have been made once: what stays in memory for that is not growth.
        for path in ("/metrics", "/"):
            exporter.get(path)
        exporter.new_page()
        self.before = exporter.resident, exporter.descriptors
        self.began = time.monotonic()
        self.problems = []
        self.peak = self.before[0]

    def sample(self):
        """Notes the memory during a fault."""
        self.peak = max(self.peak, self.exporter.resident)

    def expect(self, holds, problem):
        if not holds:
            self.problems.append(problem)

    def expect_log(self, text):
        try:
            wait(f"the log has {text}", lambda: text in self.exporter.log(), 60)
        except AssertionError as error:
            self.problems.append(str(error))

    def expect_disturbance(self, text):
        """Checks that a disturbance is reported, and that it is no problem."""
        health = self.exporter.health()
        self.expect(health[:2] == (200, "Healthy") and text in health[2], f"/-/healthy does not report that {text}: {health}")

    def expect_problem(self, text):
        """Checks that a problem is reported, and that liveness does not fail."""
        health = self.exporter.health()
        self.expect(health[:2] == (200, f"Running, with problems: {text}"), f"/-/healthy does not report that {text}: {health}")

    def complete(self, growth=None, exact=True):
        """Checks that it answers and is healthy, that all is counted, and that memory and descriptors are bounded. Returns the page."""
        exporter = self.exporter
        page = exporter.new_page()
        if exact:
            self.problems += list(exporter.truth.differences(page))[:10]
        try:
            wait("it is healthy", exporter.is_healthy, 60)
            wait("descriptors are closed", lambda: exporter.descriptors <= self.before[1], 60)
        except AssertionError as error:
            self.problems.append(f"{error}: {exporter.get('/-/healthy')}, {exporter.descriptors} descriptors")
        self.sample()
        allowed = self.before[0] + (growth or self.env.arguments.growth)
        self.expect(self.peak <= allowed, f"resident memory: {self.before[0]:.1f} MB before, {self.peak:.1f} MB at most")
        return page

    def summary(self):
        return (f"{self.exporter.truth.events:,} events done, all counted once; {self.before[0]:.0f} MB before, "
                f"{self.peak:.0f} MB at most")


@contextlib.contextmanager
def running(exporter):
    """Stops it at the end, whatever happens."""
    try:
        yield exporter
    finally:
        if exporter.process and exporter.process.poll() is None:
            exporter.stop()


def promise(env, done, promised):
    """Adds the row of a fault: call the result with the problems and what happened; returns the problems."""
    def finish(problems, happened):
        env.row(done, promised, "FAILED" if problems else happened)
        return problems
    return finish
