// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// The names of signals.
package enum Signal {
  /// The signals that most often kill processes.
  package static let common = [SIGABRT, SIGKILL, SIGSEGV, SIGTERM]

  /// Returns the name of a signal as in `kill -l` and signal(7): `SIGSEGV`, `SIGIO`, `SIGRTMIN+3`.
  ///
  /// SIGRTMIN is 34, as in glibc. glibc uses 32 and 33 itself; they are returned as numbers.
  package static func name(_ number: Int32) -> String {
    let firstRealTime: Int32 = 34
    switch number {
    case SIGIO: return "SIGIO"  // Also known as SIGPOLL.
    case firstRealTime: return "SIGRTMIN"
    case (firstRealTime + 1)...64: return "SIGRTMIN+\(number - firstRealTime)"
    default:
      return unsafe sigabbrev_np(number).map { unsafe "SIG" + String(cString: $0) } ?? "SIG\(number)"
    }
  }
}
