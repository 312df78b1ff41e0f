# SPDX-License-Identifier: Apache-2.0
"""The mixin with a configuration of its own: every key reaches every rule, alert and dashboard that it is about."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import schema  # noqa: E402

CONFIGURED = """
(import 'mixin.libsonnet') + {
  _config+:: {
    clusterLabel: 'region',
    exporterSelector: 'env="production"',
    targetSelector: 'job="counts"',
    expectedClusters: 'kube_node_info{region=~"eu-.*"}',
    runbookURLPattern: 'https://wiki.example/%s.html',
    crashSignals: 'SIGSEGV',
    thresholds+: {
      crashes: 1001, unitStarts: 1009, forksPerSecond: 1002, threads: 1003, threadsPerSecond: 1004, zombies: 1005,
      pollAgeSeconds: 1006, mapUsage: 0.1007, watchSilenceSeconds: 1008,
    },
    dashboardNamePrefix: 'Counts: ',
    dashboardUidPrefix: 'counts-',
    dashboardTags: ['one', 'two'],
    dashboardRefresh: '5m',
    dashboardFrom: 'now-7d',
    dashboardTimezone: 'utc',
    dashboardTop: 7,
  },
}
"""
SHOWN = "local mixin = %s; { dashboards: mixin.grafanaDashboards, alerts: mixin.prometheusAlerts, rules: mixin.prometheusRules, config: mixin._config }"


def evaluated(mixin):
    done = subprocess.run(
        ["jsonnet", "--jpath", HERE.parent / "mixin", "--exec", SHOWN % mixin], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


class Configuration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.default = evaluated("import 'mixin.libsonnet'")
        cls.mixin = evaluated(CONFIGURED)
        cls.alerts = [rule for group in cls.mixin["alerts"]["groups"] for rule in group["rules"]]
        cls.rules = [rule for group in cls.mixin["rules"]["groups"] for rule in group["rules"]]
        cls.expressions = [rule["expr"] for rule in cls.alerts + cls.rules] + [
            target["expr"]
            for dashboard in cls.mixin["dashboards"].values()
            for panel in dashboard["panels"]
            for target in panel.get("targets", [])
        ]

    def test_every_key_is_set_here(self):
        same = [key for key, value in self.default["config"].items() if self.mixin["config"][key] == value]
        same += [key for key, value in self.default["config"]["thresholds"].items() if self.mixin["config"]["thresholds"][key] == value]
        self.assertEqual(same, [])

    def test_the_readme_has_every_key_and_its_example_works(self):
        readme = (HERE.parent / "README.md").read_text()
        table = readme[readme.index("| `_config` |"):readme.index("## Alerts")]
        told = {key for cell in re.findall(r"^\| ([^|]*) \|", table, re.M) for key in re.findall(r"`(\w+)`", cell)} - {"_config"}
        self.assertEqual(told, set(self.default["config"]))
        example = re.search(r"^```jsonnet\n(.*?)^```$", readme, re.M | re.S).group(1)
        example = example.replace("github.com/pidns-exporter/pidns-exporter/dashboards/mixin/", "")
        self.assertEqual(evaluated(example)["config"]["clusterLabel"], "k8s_cluster")

    def test_the_label_of_the_cluster(self):
        for expression in self.expressions:
            labels = re.sub(r'"[^"]*"|\bcluster:pidns', "", expression)
            self.assertNotRegex(labels, r"\bcluster\b(?!:)", expression)

    def test_the_selector_of_the_exporter_is_in_every_selector(self):
        for expression in self.expressions:
            for name, matchers in re.findall(r'(?<![\w:"])(pidns_\w+)(\{[^}]*\})?', expression):
                self.assertIn('env="production"', matchers, f"{name} in {expression}")

    def test_the_targets_and_the_clusters(self):
        record = next(rule["expr"] for rule in self.alerts if "record" in rule)
        self.assertIn('up{job="counts"}', record)
        absent = next(rule["expr"] for rule in self.alerts if rule.get("alert") == "PidnsExporterAbsent")
        self.assertIn('group by (region) (kube_node_info{region=~"eu-.*"}) unless on (region)', absent)

    def test_each_threshold(self):
        text = json.dumps(self.alerts)
        for threshold in self.mixin["config"]["thresholds"].values():
            self.assertRegex(text, rf"[<>]=? {threshold}\b")

    def test_runbooks(self):
        for rule in self.alerts:
            if "alert" in rule:
                self.assertEqual(rule["annotations"]["runbook_url"], f"https://wiki.example/{rule['alert'].lower()}.html")

    def test_crashes_are_the_same_everywhere(self):
        for expression in self.expressions:
            for signals in re.findall(r'signal=~"([^"]*)"', expression):
                self.assertEqual(signals, "SIGSEGV")

    def test_dashboards(self):
        self.assertEqual(sorted(self.mixin["dashboards"]), ["counts-container.json", "counts-exporter.json", "counts-fleet.json", "counts-services.json"])
        for name, dashboard in self.mixin["dashboards"].items():
            self.assertEqual(list(schema.problems(dashboard)), [])
            self.assertEqual(dashboard["uid"] + ".json", name)
            self.assertTrue(dashboard["title"].startswith("Counts: "))
            self.assertEqual((dashboard["tags"], dashboard["links"][0]["tags"]), (["one", "two"], ["one", "two"]))
            self.assertEqual((dashboard["refresh"], dashboard["time"]["from"], dashboard["timezone"]), ("5m", "now-7d", "utc"))
            self.assertNotIn("/d/pidns-", json.dumps(dashboard))
        self.assertIn("topk(7, ", json.dumps(self.mixin["dashboards"]["counts-fleet.json"]))

    def test_prometheus_accepts_the_rules(self):
        for rules in ("alerts", "rules"):
            with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
                json.dump(self.mixin[rules], file)
                file.flush()
                checked = subprocess.run(["promtool", "check", "rules", file.name], capture_output=True, text=True)
                self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_two_mixins_add_up(self):
        other = "{ prometheusAlerts+:: { groups+: [{ name: 'other', rules: [] }] }, grafanaDashboards+:: { 'other.json': {} } }"
        both = evaluated(f"{other} + (import 'mixin.libsonnet')")
        self.assertIn("other", [group["name"] for group in both["alerts"]["groups"]])
        self.assertEqual(len(both["dashboards"]), 5)


if __name__ == "__main__":
    unittest.main()
