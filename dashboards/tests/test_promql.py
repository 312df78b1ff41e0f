# SPDX-License-Identifier: Apache-2.0
"""What promql.py refuses: queries that were shipped once, and failed in the field."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import promql  # noqa: E402


class Refused(unittest.TestCase):
    def refuse(self, query, reason, kind="range"):
        self.assertTrue(any(reason in problem for problem in promql.problems(query, kind)), query)

    def test_metrics_of_every_target(self):
        self.refuse('sum(up{cluster=~"$cluster", job=~"$job"})', "up is a metric of every target")
        self.refuse('rate(process_cpu_seconds_total{job=~"$job"}[5m])', "process_cpu_seconds_total")
        self.refuse('scrape_duration_seconds{job=~"$job"} and on (cluster, job, instance) up', "scrape_duration_seconds")
        self.refuse("go_goroutines", "go_goroutines")
        self.refuse("up == 0", "up is")

    def test_joins_without_the_cluster(self):
        self.refuse("a > 0 and on (job, instance) time() - b > 180", "mixes clusters")
        self.refuse("a * on(pidns, namespace, pod, container) group_left(image) b", "mixes clusters")
        self.refuse("a * ignoring (cluster) b", "mixes clusters")

    def test_groups_without_the_cluster(self):
        self.refuse("sum by (instance, reason) (a)", "mixes clusters")
        self.refuse("topk(10, sum by (namespace, pod, container) (a))", "mixes clusters", "instant")
        self.refuse("sum without (cluster) (a)", "mixes clusters")

    def test_top_series_of_each_step(self):
        self.refuse("topk(10, sum by (cluster, pod) (rate(a[5m])))", "chooses other series")
        self.refuse("a and topk(10, b) or c @ end()", "chooses other series")


class Accepted(unittest.TestCase):
    def accept(self, query, kind="range"):
        self.assertEqual(list(promql.problems(query, kind)), [], query)

    def test_what_is_right(self):
        self.accept('rate(process_cpu_seconds_total{job=~"$job"}[5m]) and on (cluster, job, instance) pidns_up')
        self.accept("up == 0 and on (cluster, job, instance) last_over_time(pidns_exporter_build_info[1d])")
        self.accept('up{job=~".*pidns.*"} == 0')
        self.accept("sum by (reason) (a)")
        self.accept("sum without (pidns) (a)")
        self.accept("topk(10, sum by (cluster, pod) (rate(a[5m])))", "instant")
        self.accept("a and topk(10, sum by (cluster, pod) (increase(a[1h] @ end())))")
        self.accept('rate(pidns_bpf_program_misses_total{program=~"process_(exec|exit).*"}[5m])')


class Joins(unittest.TestCase):
    def test_what_is_a_join(self):
        for query in ("pidns_a > 3 and pidns_b", "pidns_a / pidns_b", "time() - pidns_a > 180", "pidns_a * on (cluster) group_left (x) pidns_b"):
            self.assertTrue(promql.has_join(query), query)
        for query in ("pidns_a > 3", 'rate(pidns_a{reason=~"a|b and c"}[5m]) > 100'):
            self.assertFalse(promql.has_join(query), query)


if __name__ == "__main__":
    unittest.main()
