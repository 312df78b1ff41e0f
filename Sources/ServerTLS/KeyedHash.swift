// SPDX-License-Identifier: Apache-2.0

import CGnuTLS

/// HMAC-SHA-256 with a random key that never leaves the object: its values mean nothing to others.
package struct KeyedHash: Sendable {
  /// The number of bytes of a value.
  private static let size = 32

  private let key: [UInt8]

  /// Chooses a key. Traps if GnuTLS has no random numbers, as nothing is safe then.
  package init() {
    var key = [UInt8](repeating: 0, count: Self.size)
    let status = unsafe gnutls_rnd(GNUTLS_RND_KEY, &key, key.count)
    precondition(status >= 0, "no random numbers")
    self.key = key
  }

  /// Returns the value of a list of texts. Lists that differ in any way have other values.
  package func callAsFunction(_ parts: [UInt8]...) -> [UInt8] {
    var text: [UInt8] = []
    for part in parts {
      for shift in stride(from: 56, through: 0, by: -8) {
        text.append(UInt8(truncatingIfNeeded: part.count >> shift))
      }
      text += part
    }
    var value = [UInt8](repeating: 0, count: Self.size)
    let status = unsafe gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key.count, text, text.count, &value)
    precondition(status >= 0, "no SHA-256")
    return value
  }
}
