// SPDX-License-Identifier: Apache-2.0

/// A shipped query that must return nothing here, and the reason.
struct ExpectedEmptyQuery {
  /// The name that dashboards/queries.py prints.
  let `where`: String
  let reason: String

  static let always = [
    ExpectedEmptyQuery(
      where: "alerts.rules.yml: PidnsExporterAbsent",
      reason: "there are exporters; the alert fires in the Prometheus without targets"),
    ExpectedEmptyQuery(
      where: "alerts.rules.yml: PidnsProgramsSkipped",
      reason:
        "the kernel has to skip all three programs of an event, of Linux 7.0 and later; promtool tests the rule"
    ),
    ExpectedEmptyQuery(
      where: "recording.rules.yml: cluster:pidns_node_process_lifetime_seconds:rate5m",
      reason: "this Prometheus stores no native histograms"),
  ]

  static let withTrampolines = [
    "alerts.rules.yml: PidnsProgramNotAttached", "exporter: Programs that are not attached: A",
  ].map { ExpectedEmptyQuery(where: $0, reason: "this kernel rejects no program") }

  static let withoutTrampolines = [
    ExpectedEmptyQuery(
      where: "container: Failed execs: A", reason: "this kernel has no BPF trampolines, which count these")
  ]
}
