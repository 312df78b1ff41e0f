// SPDX-License-Identifier: Apache-2.0

/// Holds what an Accept header was answered with: a format, and the Content-Type that says so.
package struct Negotiated: Sendable, Hashable {
  /// Tells which format the body is to be written in.
  package let format: ExpositionFormat

  /// Tells which name-escaping scheme the chosen media range asked for; the body is the same for all of them.
  let escaping: EscapingScheme?

  /// Picks by the quality values of an Accept header (RFC 9110, section 12.5.1).
  ///
  /// A format that is asked for by name comes before any wildcard, whatever their qualities are: Prometheus
  /// 2.49.0 sends `*/*;q=2`. Among names, the higher quality wins, and on a tie the format that holds
  /// more: protobuf, then OpenMetrics. Wildcards mean text, or OpenMetrics where they name `application/*`. Nothing acceptable, like no header at all, gives text, because that
  /// is what every scraper reads: there is no status 406.
  ///
  /// - Complexity: linear in the header's length.
  package init(accept: String?) {
    var named: [ExpositionFormat: Offer] = [:]
    var wildcards: [String: Double] = [:]
    for range in AcceptHeader(accept ?? "") {
      if let format = range.format {
        if range.quality > named[format]?.quality ?? -1 {
          named[format] = Offer(quality: range.quality, escaping: range.escaping)
        }
      } else if range.type.hasSuffix("/*") {
        wildcards[range.type] = max(range.quality, wildcards[range.type] ?? 0)
      }
    }

    var best: (format: ExpositionFormat, offer: Offer)?
    for format in [ExpositionFormat.protobuf, .openMetrics, .text] {
      guard let offer = named[format], offer.quality > best?.offer.quality ?? 0 else { continue }
      best = (format, offer)
    }
    if best == nil {
      for format in [ExpositionFormat.text, .openMetrics] where named[format] == nil {
        let quality = wildcards[format.wildcard] ?? wildcards["*/*"] ?? 0
        guard quality > best?.offer.quality ?? 0 else { continue }
        best = (format, Offer(quality: quality, escaping: nil))
      }
    }
    format = best?.format ?? .text
    escaping = best?.offer.escaping
  }

  /// Returns the Content-Type of the response, which repeats a known `escaping` parameter that was asked for.
  ///
  /// Names here are ASCII and need no escaping, so any scheme is honoured by the bytes as they are.
  /// Prometheus 3 reads the scheme from the response.
  package var contentType: String {
    guard let escaping else { return format.contentType }
    return "\(format.contentType); escaping=\(escaping.rawValue)"
  }

  private struct Offer {
    let quality: Double
    let escaping: EscapingScheme?
  }
}

/// Lists the name-escaping schemes of Prometheus 3; another one is not repeated to the client.
///
/// Source: <https://prometheus.io/docs/instrumenting/escaping_schemes/>.
enum EscapingScheme: String {
  case allowUTF8 = "allow-utf-8"
  case underscores
  case dots
  case values
}

extension ExpositionFormat {
  fileprivate var wildcard: String {
    switch self {
    case .text: "text/*"
    case .openMetrics, .protobuf: "application/*"
    }
  }
}
