// SPDX-License-Identifier: Apache-2.0

/// A shipped query that rightly says nothing here, and why.
struct Silence {
  /// As dashboards/queries.py calls it.
  let `where`: String
  let reason: String

  static let always = [
    Silence(
      where: "alerts.rules.yml: PidnsExporterAbsent",
      reason: "there are exporters; it fires in the Prometheus that has none"),
    Silence(
      where: "alerts.rules.yml: PidnsProgramsSkipped",
      reason:
        "the kernel has to skip all three programs of an event, of Linux 7.0 and later; promtool tests the rule"
    ),
    Silence(
      where: "recording.rules.yml: cluster:pidns_node_process_lifetime_seconds:rate5m",
      reason: "this Prometheus stores no native histograms"),
  ]

  static let withTrampolines = [
    "alerts.rules.yml: PidnsProgramNotAttached", "exporter: Programs that are not attached: A",
  ].map { Silence(where: $0, reason: "this kernel refuses no program") }

  static let withoutTrampolines = [
    Silence(
      where: "container: Failed execs: A", reason: "this kernel has no BPF trampolines, which count these")
  ]
}
