// SPDX-License-Identifier: Apache-2.0

import Exposition
import ServerTLS

extension Catalogue {
  /// The web configuration; shown if there is one.
  static let web: [Metric] = [
    .ofWeb(
      MetricFamily(
        "pidns_web_config_last_reload_successful", .gauge,
        help: "1 if the web configuration was read without a problem when it last changed, 0 otherwise.")
    ) { $0.sample(.empty, ($1.isLastReloadGood ? 1 : 0) as UInt64) },
    .ofWeb(
      MetricFamily(
        "pidns_web_config_last_reload_success_timestamp_seconds", .gauge, unit: "seconds",
        help: "Time when the web configuration was last read without a problem since unix epoch in seconds.")
    ) { $0.sample(.empty, $1.lastGoodReload) },
    .ofWeb(
      MetricFamily(
        "pidns_web_certificate_expiry_timestamp_seconds", .gauge, unit: "seconds",
        help: "Time when the served certificate expires since unix epoch in seconds; no sample without TLS.")
    ) { encoder, web in
      if let expiry = web.certificateExpiry { encoder.sample(.empty, Double(expiry)) }
    },
    .ofWeb(
      MetricFamily(
        "pidns_web_client_certificates_refused", .counter,
        help: "Clients refused because of their TLS certificate, by reason.")
    ) { encoder, web in
      for reason in ClientRefusal.allCases {
        encoder.sample(LabelSet(["reason": reason.rawValue]), web.counts.clients[reason] ?? 0)
      }
    },
    .ofWeb(
      MetricFamily(
        "pidns_web_unauthorized_requests", .counter,
        help: "Requests refused because of their password or token, by reason."), alsoForTokens: true
    ) { encoder, web in
      for reason in WebCounts.Unauthorized.allCases {
        encoder.sample(LabelSet(["reason": reason.rawValue]), web.counts.unauthorized[reason] ?? 0)
      }
    },
    .ofWeb(
      MetricFamily(
        "pidns_web_rate_limited_requests", .counter,
        help: "Requests refused by rate_limit of the web configuration.")
    ) { $0.sample(.empty, $1.counts.rateLimited) },
  ]
}

extension Metric {
  fileprivate static func ofWeb(
    _ family: MetricFamily, alsoForTokens: Bool = false,
    _ write: @escaping @Sendable (inout Encoder, WebStatus) -> Void
  ) -> Metric {
    Metric(
      family: family,
      isShown: { $0.hasWebConfig || alsoForTokens && $0.acceptsTokens },
      writeRendered: { encoder, rendered in
        if let web = rendered.web { write(&encoder, web) }
      })
  }
}
