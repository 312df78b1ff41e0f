// SPDX-License-Identifier: Apache-2.0

/// The exposition formats for metrics.
package enum ExpositionFormat: CaseIterable, Sendable, Hashable {
  /// The Prometheus text format 0.0.4.
  ///
  /// Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
  case text

  /// OpenMetrics 1.0.0.
  ///
  /// Source: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.
  case openMetrics

  /// Delimited protocol buffers: the only format with native histograms. It always has start timestamps.
  ///
  /// Source: <https://prometheus.io/docs/instrumenting/exposition_formats/#protobuf-format>.
  case protobuf

  /// The Content-Type of a response in this format.
  ///
  /// Never blank: Prometheus 3 fails a scrape with a blank Content-Type.
  package var contentType: String {
    switch self {
    case .text: "text/plain; version=0.0.4; charset=utf-8"
    case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
    case .protobuf:
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    }
  }

  /// Returns the format for an Accept header, as ``Negotiated`` picks it, for callers that set the
  /// Content-Type themselves.
  package static func negotiate(accept: String?) -> ExpositionFormat {
    Negotiated(accept: accept).format
  }
}
