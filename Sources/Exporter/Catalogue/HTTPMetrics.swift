// SPDX-License-Identifier: Apache-2.0

import Exposition
import MetricsHTTP

extension Catalogue {
  /// The load of the HTTP server.
  static let http: [Metric] = [
    .ofTraffic(MetricFamily("pidns_http_connections", .gauge, help: "Open HTTP connections.")) {
      $0.sample(.empty, UInt64($1.connections))
    },
    .ofTraffic(
      MetricFamily(
        "pidns_http_refused", .counter,
        help: "HTTP connections that were closed and requests that were refused, by reason.")
    ) { encoder, traffic in
      for reason in HTTPServer.RefusalReason.allCases {
        encoder.sample(LabelSet(["reason": reason.rawValue]), traffic.refusals[reason] ?? 0)
      }
    },
  ]
}

extension Metric {
  fileprivate static func ofTraffic(
    _ family: MetricFamily, _ write: @escaping @Sendable (inout Encoder, HTTPServer.Traffic) -> Void
  ) -> Metric {
    Metric(family: family, writeRendered: { write(&$0, $1.traffic) })
  }
}
