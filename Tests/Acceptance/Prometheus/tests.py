# SPDX-License-Identifier: Apache-2.0
"""The tests, which run after all containers have ended. A docstring is the test's name; a test yields problems."""
import math

from checks import Suite
from comparison import key
from containers import IN_CONTAINERS
from families import LIFETIMES
from secure import Certificates, SecureExporter, SecurePrometheus

SUITE = Suite()
# Seconds by which a start timestamp may differ from the test's clock, because the kernel's times are relative to the boot.
CLOCK = 0.01


@SUITE.test
def crashes(env):
    """Twenty containers crash five times within a second: all counters are exact, in every database, at every interval"""
    assert all(container.truth["signals"] == {"SIGSEGV": 5} for container in env.crashing)
    for job in env.jobs:
        yield from env.compare("20 crash", job, env.crashing).problems


@SUITE.test
def everything(env):
    """Containers with events of all kinds: all counters are exact"""
    for family in env.families():
        if not any(container.parts(family) for container in env.others):
            yield f"there was no event for {family}"
    for job in env.jobs:
        comparison = env.compare("8 others", job, env.others)
        comparison.check_node()
        yield from comparison.problems


@SUITE.test
def short(env):
    """200 containers live for 50 ms to 3 s: all counters are exact, independent of the scrape times"""
    for job in env.jobs:
        yield from env.compare("200 short", job, env.short).problems


@SUITE.test
def offsets(env):
    """The databases scrape at different times"""
    for interval in env.intervals:
        moments = {
            str(job): stamp % interval for job in env.jobs if job.interval == interval and job.is_original
            for _, samples in job.samples("up", env.seconds, env.at) for stamp, _ in samples[-1:]}
        print(f"        every {interval} s: {', '.join(f'{moment:.2f}' for moment in sorted(moments.values()))}")
        if max(moments.values()) - min(moments.values()) < interval / 100:
            yield f"all of them scrape at the same time: {moments}"


@SUITE.test
def late(env):
    """A Prometheus that starts late sees no increase for earlier events, and all later events"""
    for job in env.late_jobs:
        yield from env.compare("100 after a late start", job, env.after_late, unseen=env.before_late).problems


@SUITE.test
def late_with_starts(env):
    """With created-timestamp-zero-ingestion, a Prometheus that starts late also has all earlier events since each container's start"""
    for job in env.late_starts.jobs:
        yield from env.compare("228, a late start", job, env.all).problems


@SUITE.test
def no_errors(env):
    """No scrape fails, no counter is reset, and no database logs a warning"""
    for job in env.jobs + env.late_jobs + env.late_starts.jobs:
        for labels, samples in job.samples("up", env.seconds, env.at):
            failed = [stamp for stamp, value in samples if value != 1]
            if failed:
                yield f"{job}: {len(failed)} of {len(samples)} scrapes failed"
        counters = job.selector("", '__name__=~"pidns_.+_total"')
        for labels, _ in job.server.values(f"count by (__name__) ({counters})", env.at):
            resets = f"resets({job.selector(labels['__name__'])}[{env.seconds}s]) > 0"
            for found in job.server.values(resets, env.at):
                yield f"{job}: {resets}: {found}"
    for server in env.servers:
        for line in server.log().splitlines():
            if any(level in line.lower() for level in ("level=warn", "level=error", "\twarn\t", "\terror\t")):
                yield f"{server.name}: {line}"


@SUITE.test
def quantiles(env):
    """histogram_quantile() over native histograms returns a value in the bucket of the true lifetime"""
    container = env.lifetimes
    truth = container.truth["lifetimes"]
    shares = (0.1, 0.3, 0.5, 0.7, 0.9)
    for job in env.native_jobs():
        series = job.selector(LIFETIMES, f'container="{container.name}",pidns!="4026531836"')
        series = f"increase({series}[{env.seconds}s])"
        quantiles = [job.server.value(f"histogram_quantile({share}, {series})", env.at) for share in shares]
        print(f"        {job}: " + ", ".join(f"{share}: {found:.4f} s" for share, found in zip(shares, quantiles)))
        for share, found in zip(shares, quantiles):
            low, high = bucket(truth, share)
            if not low < found <= high:
                yield f"{job}: the {share} quantile is {found}, and not above {low} and at most {high}"
        mean = job.server.value(f"histogram_sum({series}) / histogram_count({series})", env.at)
        least, most = (truth[field] / truth["count"] for field in ("sum_at_least", "sum"))
        if not least * (1 - 1e-6) <= mean <= most * (1 + 1e-6):
            yield f"{job}: the mean is {mean}, and not {least} to {most}"


def bucket(truth, share):
    """Returns the bucket of a quantile of the true lifetimes: (above, at most). The bounds are powers of four, so each bucket is two
    buckets of a native histogram of schema 0."""
    rank, below = share * truth["count"], 0
    for bound, count in sorted((float(bound), count) for bound, count in truth["buckets"].items()):
        below += count
        if below >= rank:
            # Some lifetimes have only an upper bound.
            return (bound / 16 if truth["uncertain"] else bound / 4), bound
    raise AssertionError(f"no bucket: {truth}")


@SUITE.test
def starts(env):
    """With created-timestamp-zero-ingestion, each series starts with a 0 at the start of its container"""
    for job in env.starts.jobs:
        scrapes = {stamp for _, samples in job.samples("up", env.seconds, env.at) for stamp, _ in samples}
        for metric in ("pidns_process_forks_total", LIFETIMES):
            begins = {
                labels["container"]: samples
                for labels, samples in job.samples(metric, env.seconds, env.at, IN_CONTAINERS)}
            for container in env.crashing + env.short:
                low, high = container.earliest - CLOCK, container.latest + CLOCK
                samples = begins.get(container.name, [])
                if not is_start(samples, scrapes, low, high):
                    added = [sample for sample in samples if sample[0] not in scrapes]
                    yield f"{job}: {metric} of {container.name} has {added} added, and not a 0 between {low} and {high}"


def is_start(samples, scrapes, low, high):
    """Whether Prometheus has added exactly one sample to those of its scrapes, a 0 between two times.

    A scrape in the same millisecond replaces it: then the first sample is the 0.
    """
    added = [sample for sample in samples if sample[0] not in scrapes] or samples[:1]
    return len(added) == 1 and added[0][1] == 0 and low <= added[0][0] <= high


@SUITE.test
def rollups(env):
    """Roll-ups written by Prometheus to VictoriaMetrics are equal there"""
    names = env.oldest.values('count by (__name__) ({__name__=~".+:pidns_.+"})', env.at)
    replica = {("replica", env.oldest.name)}
    if len(names) < 5:
        yield f"there are only {names}"
    for labels, _ in names:
        selector = f'{labels["__name__"]}[1m]'
        here, there = (
            {(key(series["metric"]) - replica, stamp): float(value) for series in server.query(selector, env.polled)
             for stamp, value in series["values"] if stamp > env.polled - 50}
            for server in (env.oldest, env.victoria))
        # VictoriaMetrics keeps 12 digits or more.
        differ = {
            sample: (here.get(sample), there.get(sample)) for sample in here.keys() | there.keys()
            if not math.isclose(here.get(sample, math.nan), there.get(sample, math.nan), rel_tol=1e-11)}
        if differ:
            yield f"{selector}: {len(differ)} samples, such as {next(iter(differ.items()))}"


@SUITE.test
def secure(env):
    """Each Prometheus scrapes an exporter with TLS, client certificates and passwords, and fails without one of them"""
    certificates = Certificates(env.folder)
    services = [SecureExporter(env.programs[0], certificates, env.folder)]
    try:
        for number, (folder, version) in enumerate(sorted(env.versions.items())):
            services.append(SecurePrometheus(
                f"{env.cache}/{folder}", certificates, env.folder, version, 9190 + number))
        for prometheus in services[1:]:
            yield from prometheus.problems(10)
        for reason in ("it sent no certificate", "the authority of its certificate is not in client_ca"):
            if f"TLS client refused: {reason}" not in services[0].log():
                yield f"the exporter has not logged that {reason}"
    finally:
        for service in reversed(services):
            service.stop()
