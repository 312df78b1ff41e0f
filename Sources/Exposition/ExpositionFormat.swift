// SPDX-License-Identifier: Apache-2.0

/// Names the formats in which metrics can be written.
package enum ExpositionFormat: CaseIterable, Sendable, Hashable {
  /// Writes the Prometheus text format 0.0.4.
  ///
  /// Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
  case text

  /// Writes OpenMetrics 1.0.0.
  ///
  /// Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.
  case openMetrics

  /// Writes delimited protocol buffers: the only format with native histograms, and always with start timestamps.
  ///
  /// Source: <https://prometheus.io/docs/instrumenting/exposition_formats/#protobuf-format>.
  case protobuf

  /// Returns the Content-Type of a response in this format.
  ///
  /// Never blank: Prometheus 3 fails a scrape whose Content-Type is.
  package var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    case .protobuf:
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    }
  }

  /// Picks the format for an Accept header, as ``Negotiated`` does, for those who set the Content-Type
  /// themselves.
  package static func negotiate(accept: String?) -> ExpositionFormat {
    Negotiated(accept: accept).format
  }
}
