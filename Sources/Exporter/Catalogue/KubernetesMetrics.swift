// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Namespaces

extension Catalogue {
  /// The state of the pod watch; shown if there is one.
  static let kubernetes: [Metric] = [
    .ofWatch(
      MetricFamily("pidns_kubernetes_pods", .gauge, help: "Pods of this node that the exporter knows.")
    ) {
      $0.sample(.empty, UInt64($1.pods))
    },
    .ofWatch(
      MetricFamily(
        "pidns_kubernetes_last_event_timestamp_seconds", .gauge, unit: "seconds",
        help: "Time of the last event from the API server since unix epoch in seconds; 0 before the first.")
    ) { $0.sample(.empty, $1.lastEvent ?? 0) },
    .ofWatch(
      MetricFamily(
        "pidns_kubernetes_watch_errors", .counter,
        help: "Failed requests to the API server and invalid responses, by reason.")
    ) { encoder, watch in
      for reason in PodWatchStatus.Reason.allCases {
        encoder.sample(LabelSet(["reason": reason.rawValue]), watch.errors[reason] ?? 0)
      }
    },
  ]
}

extension Metric {
  fileprivate static func ofWatch(
    _ family: MetricFamily, _ write: @escaping @Sendable (inout Encoder, PodWatchStatus) -> Void
  ) -> Metric {
    Metric(family: family, isShown: { $0.watchesPods }) { encoder, snapshot in
      if let watch = snapshot.podWatch { write(&encoder, watch) }
    }
  }
}
