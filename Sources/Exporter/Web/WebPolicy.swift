// SPDX-License-Identifier: Apache-2.0

import Platform
import ServerTLS
package import WebConfig

/// A web configuration with its certificates loaded. Immutable.
package final class WebPolicy: Sendable {
  let configuration: WebConfiguration
  let tls: TLSContext?

  /// The hashes of all users, in a fixed order.
  let hashes: [BcryptHash]

  /// Plain HTTP without passwords.
  init() {
    configuration = WebConfiguration()
    tls = nil
    hashes = []
  }

  /// Reads a file and the files that it names.
  ///
  /// - Throws: `WebConfigError` for the first problem.
  package init(reading path: String) throws(WebConfigError) {
    configuration = try WebConfiguration(reading: path)
    if let settings = configuration.tls { tls = try TLSContext(settings) } else { tls = nil }
    hashes = configuration.users.sorted { $0.key < $1.key }.map(\.value)
    if !hashes.isEmpty && CryptLibrary.shared == nil {
      throw WebConfigError(
        file: path, key: "basic_auth_users",
        problem: "libcrypt.so.1 cannot be loaded, which compares passwords",
        advice: "install libcrypt1")
    }
  }
}
