// SPDX-License-Identifier: Apache-2.0

/// The token of an `Authorization: Bearer` header (RFC 6750). A secret: it has no description, so that it cannot be logged.
struct BearerToken: Equatable, Sendable {
  let text: String

  /// Parses the value of the header. Returns nil for another scheme and for malformed values.
  init?(_ header: String?) {
    guard let header, header.prefix(7).lowercased() == "bearer " else { return nil }
    let token = header.dropFirst(7).trimmingPrefix { $0 == " " }
    guard !token.isEmpty, token.utf8.allSatisfy(Self.isAllowed) else { return nil }
    text = String(token)
  }

  /// The characters of `b64token`.
  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~+/=".utf8.contains(byte)
    }
  }
}

extension BearerToken: CustomStringConvertible, CustomReflectable {
  var description: String { "(a token)" }
  var customMirror: Mirror { Mirror(self, children: []) }
}
