// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Namespaces
import Probe

extension Catalogue {
  /// The namespaces and their containers.
  static let about: [Metric] = [
    Metric(
      family: MetricFamily("pidns", .info, help: "PID namespace metadata; always 1."),
      isShown: { features, _ in features.level == .pidns },
      writeSeries: { encoder, context, _ in
        if let about = context.series.about { encoder.sample(context.labels, adding: LabelSet(about), 1) }
      }),
    .perMoment(
      "pidns_start_time_seconds",
      help: "Start time of the namespace's init process since unix epoch in seconds."
    ) { $0.startSinceBoot },
    .perMoment(
      "pidns_end_time_seconds",
      help: "End time of the namespace since unix epoch in seconds, while it is retained."
    ) { $0.endSinceBoot },
    Metric(
      family: MetricFamily(
        "pidns_unit_starts", .counter, help: "Starts of a systemd unit, restarts included."),
      writeSeries: { encoder, context, view in
        guard !context.series.key.names.unit.isEmpty else { return }
        encoder.sample(
          context, context.series.starts, birth: context.series.births.series, &view, exemplar: nil)
      }),
    Metric(
      family: MetricFamily(
        "pidns_unit_commands", .counter,
        help:
          "Commands of a systemd unit that the init of its PID namespace started, such as ExecStart= and ExecReload=."
      ),
      writeSeries: { encoder, context, view in
        guard !context.series.key.names.unit.isEmpty else { return }
        encoder.sample(
          context, context.series.events.counts.starts, birth: context.series.births.series, &view,
          exemplar: nil)
      }),
    Metric(
      family: MetricFamily(
        "pidns_namespaces", .gauge, help: "PID namespaces exposed, by state (live, retained).")
    ) { encoder, snapshot in
      let retained = snapshot.series.count { !$0.isLive }
      encoder.sample(LabelSet(["state": "live"]), UInt64(snapshot.live))
      encoder.sample(LabelSet(["state": "retained"]), UInt64(retained))
    },
    .one(
      MetricFamily(
        "pidns_namespaces_unresolved", .gauge,
        help: "Live PID namespaces, and containers that share one, whose container has no name yet.")
    ) { UInt64($0.unresolved) },
    .one(
      MetricFamily(
        "pidns_namespace_starts", .counter, help: "PID namespaces started since the exporter started.")
    ) { $0.node.total.counts.starts },
    Metric(
      family: MetricFamily(
        "pidns_namespaces_dropped", .counter,
        help: "PID namespaces, units and containers without a series of their own, by reason.")
    ) { encoder, snapshot in
      for reason in DropReason.allCases {
        let dropped = snapshot.node.dropped[reason]?.counts.starts ?? 0
        encoder.sample(LabelSet(["reason": reason.rawValue]), dropped)
      }
      encoder.sample(LabelSet(["reason": "namespaces_max"]), snapshot.refused)
      encoder.sample(LabelSet(["reason": "excluded"]), snapshot.excluded)
    },
  ]
}

extension Metric {
  /// A gauge of a time in seconds since boot, with a sample for each exposed namespace for which it is known.
  fileprivate static func perMoment(
    _ name: String, help: String, _ value: @escaping @Sendable (Snapshot.About) -> Double?
  ) -> Metric {
    Metric(
      family: MetricFamily(name, .gauge, unit: "seconds", help: help),
      isShown: { features, _ in features.level == .pidns },
      writeSeries: { encoder, context, _ in
        guard let value = context.series.about.flatMap(value) else { return }
        encoder.sample(context.labels, context.page.boot + value)
      })
  }
}
