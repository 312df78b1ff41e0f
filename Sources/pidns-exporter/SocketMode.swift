// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The permissions of a unix socket, in octal digits as for chmod(1): `0660`.
struct SocketMode: ExpressibleByArgument {
  let bits: UInt32

  init(bits: UInt32) { self.bits = bits }

  init?(argument: String) {
    guard (3...4).contains(argument.utf8.count), let bits = UInt32(argument, radix: 8), bits <= 0o777 else {
      return nil
    }
    self.bits = bits
  }

  /// Parses a flag's value.
  ///
  /// - Throws: `ValidationError` with the correct syntax.
  static func parse(_ text: String) throws -> SocketMode {
    guard let mode = SocketMode(argument: text) else {
      throw ValidationError("write the permissions in octal digits, such as 0660")
    }
    return mode
  }

  var defaultValueDescription: String { "0\(String(bits, radix: 8))" }
}
