// SPDX-License-Identifier: Apache-2.0

/// How the bytes of a response are coded (RFC 9110, section 8.4).
package enum ContentCoding: String, Sendable, Hashable, CaseIterable {
  /// As they are.
  case identity
  /// Compressed as gzip files are (RFC 1952).
  case gzip

  /// Picks by the quality values of an Accept-Encoding header: gzip where it is asked for and is worth no less than
  /// identity. Without a header there is no gzip, as people's tools do not undo it unasked; where nothing is
  /// acceptable the answer is as it is, as every client reads that.
  ///
  /// - Complexity: linear in the header's length.
  package init(acceptEncoding: String?) {
    var qualities: [String: Double] = [:]
    for range in AcceptHeader(acceptEncoding ?? "") where qualities[range.type] == nil {
      qualities[range.type] = range.quality
    }
    let gzip = qualities["gzip"] ?? qualities["x-gzip"] ?? qualities["*"] ?? 0
    self = gzip > 0 && gzip >= qualities["identity"] ?? 0 ? .gzip : .identity
  }
}
