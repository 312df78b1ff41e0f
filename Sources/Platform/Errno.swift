// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// The error numbers that are told apart.
package enum Errno {
  /// EPERM.
  package static let notPermitted = EPERM
  /// E2BIG; of a BPF map: more entries than the kernel takes.
  package static let argumentListTooLong = E2BIG
  /// ENOMEM.
  package static let noMemory = ENOMEM
  /// ECONNREFUSED: nobody listens.
  package static let connectionRefused = ECONNREFUSED
}

extension Errno {
  /// The symbol of an error number, as in `ENOENT`; the number itself where it has none.
  package static func name(_ number: Int32) -> String {
    unsafe strerrorname_np(number).map { unsafe String(cString: $0) } ?? String(number)
  }

  /// What an error number means, in English: "No space left on device".
  package static func text(_ number: Int32) -> String { unsafe String(cString: strerror(number)) }
}
