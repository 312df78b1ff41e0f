// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces
import Probe

extension Catalogue {
  /// The namespaces and their containers.
  static let about: [Metric] = [
    Metric(
      family: MetricFamily("pidns", .info, help: "PID namespace metadata; always 1."),
      isShown: { $0.level == .pidns }, linesPerNamespace: 3
    ) { encoder, state in
      for namespace in state.snapshot.namespaces {
        guard let about = namespace.about else { continue }
        encoder.sample(namespace.labels, adding: about.labels, 1)
      }
    },
    .perMoment(
      "pidns_start_time_seconds",
      help: "Start time of the namespace's init process since unix epoch in seconds."
    ) { $0.start },
    .perMoment(
      "pidns_end_time_seconds",
      help: "End time of the namespace since unix epoch in seconds, while it is retained."
    ) { $0.end },
    Metric(
      family: MetricFamily(
        "pidns_namespaces", .gauge, help: "PID namespaces exposed, by state (live, retained).")
    ) { encoder, state in
      let retained = state.snapshot.namespaces.count { !$0.isLive }
      encoder.sample(LabelSet(["state": "live"]), UInt64(state.snapshot.live))
      encoder.sample(LabelSet(["state": "retained"]), UInt64(retained))
    },
    .one(
      MetricFamily(
        "pidns_namespaces_unresolved", .gauge,
        help: "Live PID namespaces that have no container name yet.")
    ) { UInt64($0.snapshot.unresolved) },
    .one(
      MetricFamily(
        "pidns_namespace_starts", .counter, help: "PID namespaces started since the exporter started.")
    ) { $0.snapshot.node.total.counts.starts },
    Metric(
      family: MetricFamily(
        "pidns_namespaces_dropped", .counter,
        help: "PID namespaces that are not exposed individually, by reason.")
    ) { encoder, state in
      for reason in DropReason.allCases {
        let dropped = state.snapshot.node.dropped[reason]?.counts.starts ?? 0
        encoder.sample(LabelSet(["reason": reason.rawValue]), dropped)
      }
      encoder.sample(LabelSet(["reason": "namespaces_max"]), state.snapshot.refused)
      encoder.sample(LabelSet(["reason": "excluded"]), state.snapshot.excluded)
    },
  ]
}

extension Metric {
  /// A gauge with a sample for each exposed namespace of which a moment is known.
  fileprivate static func perMoment(
    _ name: String, help: String, _ value: @escaping @Sendable (Snapshot.About) -> Double?
  ) -> Metric {
    Metric(
      family: MetricFamily(name, .gauge, unit: "seconds", help: help), isShown: { $0.level == .pidns }
    ) { encoder, state in
      for namespace in state.snapshot.namespaces {
        guard let value = namespace.about.flatMap(value) else { continue }
        encoder.sample(namespace.labels, value)
      }
    }
  }
}
