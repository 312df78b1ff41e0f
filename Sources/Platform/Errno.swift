// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// Error numbers and their texts.
package enum Errno {
  /// EPERM.
  package static let notPermitted = EPERM
  /// E2BIG. For a BPF map: more entries than the kernel allows.
  package static let argumentListTooLong = E2BIG
  /// ENOMEM.
  package static let noMemory = ENOMEM
  /// ECONNREFUSED: no program listens.
  package static let connectionRefused = ECONNREFUSED
}

extension Errno {
  /// Returns the symbol of an error number, such as `ENOENT`; the number itself if it has no symbol.
  package static func name(_ number: Int32) -> String {
    unsafe strerrorname_np(number).map { unsafe String(cString: $0) } ?? String(number)
  }

  /// Returns the English text of an error number, such as "No space left on device".
  package static func text(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}
