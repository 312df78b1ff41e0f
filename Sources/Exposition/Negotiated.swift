// SPDX-License-Identifier: Apache-2.0

/// The result of content negotiation: a format and its Content-Type.
package struct Negotiated: Sendable, Hashable {
  /// The format of the body.
  package let format: ExpositionFormat

  /// The name-escaping scheme that the chosen media range requests. The body is the same for all schemes.
  let escaping: EscapingScheme?

  /// Picks by the quality values of an Accept header (RFC 9110, section 12.5.1).
  ///
  /// - A format that the header names wins over any wildcard, whatever their qualities: Prometheus 2.49.0
  ///   sends `*/*;q=2`.
  /// - Among named formats the highest quality wins. On a tie, protobuf wins over OpenMetrics, and
  ///   OpenMetrics over text.
  /// - Wildcards select text; `application/*` selects OpenMetrics.
  /// - If nothing is acceptable or there is no header, the format is text, which every scraper reads. There
  ///   is no status 406.
  ///
  /// - Complexity: Linear in the header's length.
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

  /// The Content-Type of the response. Repeats the requested `escaping` parameter if it is known.
  ///
  /// All names here are ASCII, so the same bytes are valid in every scheme. Prometheus 3 reads the scheme
  /// from the response.
  package var contentType: String {
    guard let escaping else { return format.contentType }
    return "\(format.contentType); escaping=\(escaping.rawValue)"
  }

  private struct Offer {
    let quality: Double
    let escaping: EscapingScheme?
  }
}

/// The name-escaping schemes of Prometheus 3. Unknown schemes are not repeated to the client.
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
