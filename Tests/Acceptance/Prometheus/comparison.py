# SPDX-License-Identifier: Apache-2.0
"""Compares stored samples with the ground truth."""
from containers import IN_CONTAINERS
from families import FAMILIES, LIFETIMES, NODE, sample

# The maximum that extrapolatedRate() adds at each end of a range, in sample intervals.
EXTRAPOLATION = 1.1


class Comparison:
    """Compares one job's samples of some containers, between two times.

    problems: a list of strings; sums: by family, the ground truth, last minus first, and increase()."""

    def __init__(self, job, containers, since, at, *, unseen=(), refused=()):
        self.job, self.containers, self.at, self.seconds = job, containers, at, int(at - since) + 1
        # Containers that had ended before the first scrape; families whose program the kernel rejects.
        self.unseen, self.refused = {container.name for container in unseen}, refused
        self.names = {container.name for container in containers}
        self.problems, self.sums = [], {}
        for family in FAMILIES:
            self.compare(family)

    def record(self, problem):
        self.problems.append(f"{self.job}: {problem}")

    def metric(self, family):
        """Returns the name under which the job's server has stored the counts: a native histogram is one series."""
        return family if self.job.native else sample(family)

    def compare(self, family):
        label = FAMILIES[family][1]
        truth = {} if family in self.refused else {
            (container.name, part): value
            for container in self.containers for part, value in container.parts(family).items()}
        metric = self.metric(family)
        rises, increases = {}, {}
        increase = self.increase(metric)
        for labels, samples in self.job.samples(metric, self.seconds, self.at, IN_CONTAINERS):
            container = labels["container"]
            if container not in self.names | self.unseen:
                continue
            rise = self.rise(metric, labels, samples)
            grown = increase.get(key(labels), 0.0)
            self.check_increase(metric, labels, len(samples), rise, grown)
            if rise:
                where = container, labels.get(label)
                rises[where] = rises.get(where, 0) + rise
                increases[where] = increases.get(where, 0) + grown
        for where in truth.keys() | rises.keys():
            if rises.get(where, 0) != truth.get(where, 0):
                self.record(f"{metric} of {where} rose by {rises.get(where, 0):g} and not by {truth.get(where, 0)}")
        for where in truth:
            if not increases.get(where):
                self.record(f"increase({metric}) of {where} is 0 and not {truth[where]}")
        self.sums[family] = sum(truth.values()), sum(rises.values()), sum(increases.values())

    def increase(self, metric):
        """Returns increase() of each series."""
        expression = f"increase({self.job.selector(metric)}[{self.seconds}s])"
        if self.job.native and metric == LIFETIMES:
            expression = f"histogram_count({expression})"
        return {key(labels): value for labels, value in self.job.server.values(expression, self.at)}

    def rise(self, metric, labels, samples):
        """Returns last minus first of a series, which must start at 0 and never decrease."""
        values = [value for _, value in samples]
        if values[0] != 0 and labels["container"] not in self.unseen:
            self.record(f"{metric} of {labels} begins at {values[0]:g}")
        if values != sorted(values):
            self.record(f"{metric} of {labels} decreases: {samples}")
        return values[-1] - values[0]

    def check_increase(self, metric, labels, count, rise, increase):
        """Checks that increase() is the rise, scaled from the time between the first and the last sample to the range. At each end it
        extrapolates by at most 1.1 sample intervals, but not before a counter's first sample of 0."""
        most = rise
        if self.job.extrapolates and count > 1:
            ends = 2 if self.job.native and metric == LIFETIMES else 1
            most *= 1 + ends * EXTRAPOLATION / (count - 1)
        if not rise * (1 - 1e-9) <= increase <= most * (1 + 1e-9):
            self.record(f"increase({metric}) of {labels} is {increase}, of {count} samples that rise by {rise}")

    def check_node(self):
        """Checks that the node totals include all events of the containers."""
        for total, family in NODE.items():
            metric = self.metric(total)
            truth = sum(sum(container.parts(family).values()) for container in self.containers)
            rise = sum(
                samples[-1][1] - samples[0][1] for _, samples in self.job.samples(metric, self.seconds, self.at))
            if rise < truth:
                self.record(f"{metric} rose by {rise:g} and not by {truth} at least")


def key(labels):
    """Returns the labels without the metric name, which functions drop."""
    return frozenset((name, value) for name, value in labels.items() if name != "__name__")
