// SPDX-License-Identifier: Apache-2.0

/// The content coding of a response body (RFC 9110, section 8.4).
package enum ContentCoding: String, Sendable, Hashable, CaseIterable {
  /// The body without coding.
  case identity
  /// The gzip format (RFC 1952).
  case gzip

  /// Picks a coding by the quality values of an Accept-Encoding header.
  ///
  /// Picks gzip if the header accepts it with at least the quality of identity. Without a header, picks
  /// identity: tools such as curl do not decompress unless told to. If the header accepts nothing, picks
  /// identity, which every client reads.
  ///
  /// - Complexity: Linear in the header's length.
  package init(acceptEncoding: String?) {
    var qualities: [String: Double] = [:]
    for range in AcceptHeader(acceptEncoding ?? "") where qualities[range.type] == nil {
      qualities[range.type] = range.quality
    }
    let gzip = qualities["gzip"] ?? qualities["x-gzip"] ?? qualities["*"] ?? 0
    self = gzip > 0 && gzip >= qualities["identity"] ?? 0 ? .gzip : .identity
  }
}
