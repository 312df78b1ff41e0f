// SPDX-License-Identifier: Apache-2.0

import Text

/// User and password of an `Authorization: Basic` header (RFC 7617).
struct BasicCredentials: Equatable, Sendable {
  let user: String
  let password: [UInt8]

  /// Parses the value of the header. Returns nil for another scheme and for malformed values.
  init?(_ header: String?) {
    guard let header, header.prefix(6).lowercased() == "basic " else { return nil }
    let encoded = header.dropFirst(6).trimmingPrefix { $0 == " " }
    guard let decoded = Base64.decode(String(encoded)), let colon = decoded.firstIndex(of: UInt8(ascii: ":"))
    else { return nil }
    user = String(decoding: decoded[..<colon], as: UTF8.self)
    password = Array(decoded[(colon + 1)...])
  }
}
