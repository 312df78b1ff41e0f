// SPDX-License-Identifier: Apache-2.0

import CLibCurl

/// The parts of a URL, as libcurl reads it (RFC 3986).
package struct URLParts: Equatable, Sendable {
  /// In lower case.
  package var scheme: String
  package var user: String?
  /// A name or an address; IPv6 in brackets. Never empty.
  package var host: String
  package var port: UInt16?
  /// Begins with a slash.
  package var path: String
  package var query: String?
  package var fragment: String?

  /// Reads a URL with a scheme.
  ///
  /// - Returns: nil for other text.
  /// - Throws: `HTTPFailure` if libcurl cannot be loaded.
  package init?(reading text: String) throws(HTTPFailure) {
    let functions = unsafe try HTTPLibrary.shared.functions
    guard !text.utf8.contains(0), let url = unsafe functions.pointee.url() else { return nil }
    defer { unsafe functions.pointee.url_cleanup(url) }
    let flags = UInt32(CURLU_NON_SUPPORT_SCHEME)
    guard unsafe functions.pointee.url_set(url, CURLUPART_URL, text, flags) == CURLUE_OK else { return nil }
    func part(_ part: CURLUPart) -> String? {
      var text: UnsafeMutablePointer<CChar>?
      guard unsafe functions.pointee.url_get(url, part, &text, 0) == CURLUE_OK, let text = unsafe text else {
        return nil
      }
      defer { unsafe functions.pointee.free(text) }
      return unsafe String(cString: text)
    }
    guard let scheme = part(CURLUPART_SCHEME), let host = part(CURLUPART_HOST), !host.isEmpty else {
      return nil
    }
    self.scheme = scheme.lowercased()
    user = part(CURLUPART_USER)
    self.host = host
    port = part(CURLUPART_PORT).flatMap { UInt16($0) }
    path = part(CURLUPART_PATH) ?? "/"
    query = part(CURLUPART_QUERY)
    fragment = part(CURLUPART_FRAGMENT)
  }
}
