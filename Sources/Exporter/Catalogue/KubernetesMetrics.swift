// SPDX-License-Identifier: Apache-2.0

import Exposition
import Kubernetes

extension Catalogue {
  /// How the watch of the node's pods fares; shown where there is one.
  static let kubernetes: [Metric] = [
    .ofWatch(MetricFamily("pidns_kubernetes_pods", .gauge, help: "Pods of this node that are known.")) {
      $0.sample(.empty, UInt64($1.pods))
    },
    .ofWatch(
      MetricFamily(
        "pidns_kubernetes_last_event_timestamp_seconds", .gauge, unit: "seconds",
        help: "When the API server was last heard of pods, since unix epoch; 0 before.")
    ) { $0.sample(.empty, $1.watch.lastEvent ?? 0) },
    .ofWatch(
      MetricFamily(
        "pidns_kubernetes_watch_errors", .counter,
        help: "Failed requests to the API server and answers that made no sense, by reason.")
    ) { encoder, state in
      for reason in Reason.allCases {
        encoder.sample(LabelSet(["reason": reason.rawValue]), state.watch.errors[reason] ?? 0)
      }
    },
  ]
}

extension Metric {
  fileprivate static func ofWatch(
    _ family: MetricFamily, _ write: @escaping @Sendable (inout Encoder, KubernetesState) -> Void
  ) -> Metric {
    Metric(family: family, isShown: { $0.watchesPods }) { encoder, state in
      if let kubernetes = state.kubernetes { write(&encoder, kubernetes) }
    }
  }
}
