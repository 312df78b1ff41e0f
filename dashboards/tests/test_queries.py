# SPDX-License-Identifier: Apache-2.0
"""Every query of the dashboards, alerts, rules and documents, in a real Prometheus with two clusters of two nodes each."""

import contextlib
import math
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]
import prometheus  # noqa: E402
import queries  # noqa: E402

# Queries without an answer: the first asks for what a rule records, which promtool tests; the second for native histograms, which
# a test of the exporter has.
EMPTY = {"alerts.rules.yml: PidnsExporterDown", "recording.rules.yml: cluster:pidns_node_process_lifetime_seconds:rate5m"}


def of_rules():
    """Those that ask for what the exporter shows, and not for what other rules record."""
    for where, kind, query in queries.of_rules():
        if ":pidns_" not in query.replace("instance:pidns_", ""):
            yield where, kind, queries.substituted(query, "2m", "1h", {})


def of_dashboards(cluster=".*"):
    for where, kind, query in queries.of_dashboards():
        yield where, kind, queries.substituted(query.replace("$cluster", cluster), "2m", "1h", {})


def ask(server, kind, query):
    """Asks as Grafana and Prometheus do: a graph over time, a table or a document's query at the end."""
    return server.instant(query) if kind in ("instant", "variable") else server.range(query)


class Queries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        cls.all = stack.enter_context(prometheus.Prometheus())
        cls.exporters = stack.enter_context(prometheus.Prometheus(foreign=False))
        cls.alone = {cluster: stack.enter_context(prometheus.Prometheus(clusters=[cluster])) for cluster in ("a", "b")}

    def assertSame(self, first, second, where):
        self.assertEqual(first.keys(), second.keys(), where)
        for labels, values in first.items():
            values, others = ([(0, one)] if isinstance(one, float) else one for one in (values, second[labels]))
            self.assertEqual([time for time, _ in values], [time for time, _ in others], where)
            for (_, value), (_, other) in zip(values, others):
                self.assertTrue(math.isclose(value, other, rel_tol=1e-9) or math.isnan(value) and math.isnan(other), f"{where}: {value} and {other}")

    def test_each_has_an_answer(self):
        asked = 0
        for where, kind, query in [*of_dashboards(), *of_rules(), *queries.of_pages()]:
            with self.subTest(where):
                asked += 1
                self.assertEqual(not {**self.all.range(query), **self.all.instant(query)}, where in EMPTY, query)
        self.assertGreater(asked, 100)

    def test_foreign_targets_change_nothing(self):
        for where, kind, query in [*of_dashboards(), *of_rules(), *queries.of_pages()]:
            # The default of expectedClusters: targets of all kinds show which clusters there are.
            if query == 'up{cluster!=""}':
                continue
            with self.subTest(where):
                self.assertSame(ask(self.all, kind, query), ask(self.exporters, kind, query), where)

    def test_a_dashboard_of_one_cluster_is_that_of_its_own_prometheus(self):
        for where, kind, query in of_dashboards("a"):
            if not where.endswith("$cluster"):
                with self.subTest(where):
                    self.assertSame(ask(self.all, kind, query), ask(self.alone["a"], kind, query), where)

    def test_rules_over_two_clusters_are_those_of_each(self):
        for where, kind, query in of_rules():
            with self.subTest(where):
                self.assertSame(self.all.range(query), {**self.alone["a"].range(query), **self.alone["b"].range(query)}, where)

    def test_the_busiest_are_at_most_ten(self):
        ranked = 0
        for where, kind, query in of_dashboards():
            if kind == "range" and "topk(10, " in query:
                with self.subTest(where):
                    ranked += 1
                    self.assertLessEqual(len(self.all.range(query)), 10, query)
                    self.assertGreaterEqual(len(self.all.range(query)), 9, query)
        self.assertEqual(ranked, 14)
        # There would be more.
        each = "sum by (cluster, namespace, pod, container) (rate(pidns_process_execs_total[2m]))"
        self.assertGreaterEqual(len(self.all.range(f"topk(10, {each})")), 40)

    def test_exporters_are_counted_in_a_shared_job(self):
        panels = {where: query for where, _, query in of_dashboards()}
        self.assertEqual(list(self.all.instant(panels["exporter: Exporters up: A"]).values()), [3])
        self.assertEqual(list(self.all.instant(panels["exporter: Exporters down: A"]).values()), [1])


if __name__ == "__main__":
    unittest.main()
