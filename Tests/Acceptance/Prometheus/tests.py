# SPDX-License-Identifier: Apache-2.0
"""What must hold once all has happened. A test's first line is its name; it yields what is wrong."""
import math

from judge import LIFETIMES, key

TESTS = []
# Seconds by which a start timestamp may differ from the test's own clock: the kernel keeps times since boot.
CLOCK = 0.01


def test(function):
    TESTS.append(function)
    return function


@test
def crashes(world):
    """Twenty containers crash five times within a second: each counter family has what happened, in every database, at every interval"""
    assert all(container.truth["signals"] == {"SIGSEGV": 5} for container in world.crashing)
    for job in world.jobs:
        yield from world.compare("20 crash", job, world.crashing).problems


@test
def everything(world):
    """Containers in which each counter counts something: the same"""
    for family in world.families():
        if not any(container.parts(family) for container in world.others):
            yield f"nothing has happened that {family} counts"
    for job in world.jobs:
        comparison = world.compare("8 others", job, world.others)
        comparison.check_node()
        yield from comparison.problems


@test
def short(world):
    """200 containers live for 50 ms to 3 s: the same, whatever the moments at which the databases scrape"""
    for job in world.jobs:
        yield from world.compare("200 short", job, world.short).problems


@test
def offsets(world):
    """The databases scrape at moments of their own"""
    for interval in world.intervals:
        moments = {
            str(job): stamp % interval for job in world.jobs if job.interval == interval and job.is_original
            for _, samples in job.samples("up", world.seconds, world.at) for stamp, _ in samples[-1:]}
        print(f"        every {interval} s: {', '.join(f'{moment:.2f}' for moment in sorted(moments.values()))}")
        if max(moments.values()) - min(moments.values()) < interval / 100:
            yield f"all of them scrape at once: {moments}"


@test
def late(world):
    """A Prometheus that starts late sees no jump for what happened before, and all of what happens then"""
    for job in world.late_jobs:
        yield from world.compare("100 after a late start", job, world.after_late, unseen=world.before_late).problems


@test
def late_with_starts(world):
    """One that starts late with created-timestamp-zero-ingestion knows also what happened before, from the moment at which each container began"""
    for job in world.late_starts.jobs:
        yield from world.compare("228, a late start", job, world.all).problems


@test
def quiet(world):
    """No scrape fails, no counter of any namespace is reset, and no database complains"""
    for job in world.jobs + world.late_jobs + world.late_starts.jobs:
        for labels, samples in job.samples("up", world.seconds, world.at):
            failed = [stamp for stamp, value in samples if value != 1]
            if failed:
                yield f"{job}: {len(failed)} of {len(samples)} scrapes failed"
        counters = job.selector("", '__name__=~"pidns_.+_total"')
        for labels, _ in job.server.values(f"count by (__name__) ({counters})", world.at):
            resets = f"resets({job.selector(labels['__name__'])}[{world.seconds}s]) > 0"
            for found in job.server.values(resets, world.at):
                yield f"{job}: {resets}: {found}"
    for server in world.servers:
        for line in server.log().splitlines():
            if any(level in line.lower() for level in ("level=warn", "level=error", "\twarn\t", "\terror\t")):
                yield f"{server.name}: {line}"


@test
def quantiles(world):
    """histogram_quantile() over native histograms is in the bucket of the true lifetime"""
    container = world.lifetimes
    truth = container.truth["lifetimes"]
    shares = (0.1, 0.3, 0.5, 0.7, 0.9)
    for job in world.native_jobs():
        series = job.selector(LIFETIMES, f'container="{container.name}"')
        series = f"increase({series}[{world.seconds}s])"
        quantiles = [job.server.value(f"histogram_quantile({share}, {series})", world.at) for share in shares]
        print(f"        {job}: " + ", ".join(f"{share}: {found:.4f} s" for share, found in zip(shares, quantiles)))
        for share, found in zip(shares, quantiles):
            low, high = bucket(truth, share)
            if not low < found <= high:
                yield f"{job}: the {share} quantile is {found}, and not above {low} and at most {high}"
        mean = job.server.value(f"histogram_sum({series}) / histogram_count({series})", world.at)
        least, most = (truth[field] / truth["count"] for field in ("sum_at_least", "sum"))
        if not least * (1 - 1e-6) <= mean <= most * (1 + 1e-6):
            yield f"{job}: the mean is {mean}, and not {least} to {most}"


def bucket(truth, share):
    """The bucket of the lifetime that so many are not longer than: (above, at most). They are powers of four, each of which is two buckets
    of a native histogram of schema 0: what is in it is within one of those."""
    rank, below = share * truth["count"], 0
    for bound, count in sorted((float(bound), count) for bound, count in truth["buckets"].items()):
        below += count
        if below >= rank:
            # Of some it is known only that they were not longer.
            return (bound / 16 if truth["uncertain"] else bound / 4), bound
    raise AssertionError(f"no bucket: {truth}")


@test
def starts(world):
    """With created-timestamp-zero-ingestion each series begins at 0 when its container began"""
    for job in world.starts.jobs:
        scrapes = {stamp for _, samples in job.samples("up", world.seconds, world.at) for stamp, _ in samples}
        for metric in ("pidns_process_forks_total", LIFETIMES):
            begins = {
                labels["container"]: samples
                for labels, samples in job.samples(metric, world.seconds, world.at) if "container" in labels}
            for container in world.crashing + world.short:
                low, high = container.earliest - CLOCK, container.latest + CLOCK
                samples = begins.get(container.name, [])
                if not is_start(samples, scrapes, low, high):
                    added = [sample for sample in samples if sample[0] not in scrapes]
                    yield f"{job}: {metric} of {container.name} has {added} added, and not a 0 between {low} and {high}"


def is_start(samples, scrapes, low, high):
    """Whether the samples that Prometheus has added to those of its scrapes are one 0 between two moments.

    A scrape in the same millisecond hides it: then the first sample is that 0.
    """
    added = [sample for sample in samples if sample[0] not in scrapes] or samples[:1]
    return len(added) == 1 and added[0][1] == 0 and low <= added[0][0] <= high


@test
def rollups(world):
    """The recording rules' roll-ups that Prometheus writes to VictoriaMetrics are the same there"""
    names = world.oldest.values('count by (__name__) ({__name__=~".+:pidns_.+"})', world.at)
    replica = {("replica", world.oldest.name)}
    if len(names) < 5:
        yield f"there are only {names}"
    for labels, _ in names:
        selector = f'{labels["__name__"]}[1m]'
        here, there = (
            {(key(series["metric"]) - replica, stamp): float(value) for series in server.query(selector, world.polled)
             for stamp, value in series["values"] if stamp > world.polled - 50}
            for server in (world.oldest, world.victoria))
        # VictoriaMetrics keeps 12 digits or more.
        differ = {
            sample: (here.get(sample), there.get(sample)) for sample in here.keys() | there.keys()
            if not math.isclose(here.get(sample, math.nan), there.get(sample, math.nan), rel_tol=1e-11)}
        if differ:
            yield f"{selector}: {len(differ)} samples, such as {next(iter(differ.items()))}"
