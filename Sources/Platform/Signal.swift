// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// What signals are called.
package enum Signal {
  /// Those that processes most often die of.
  package static let common = [SIGABRT, SIGKILL, SIGSEGV, SIGTERM]

  /// The name of a signal as `kill -l` and signal(7) have it: `SIGSEGV`, `SIGIO`, `SIGRTMIN+3`.
  ///
  /// SIGRTMIN is glibc's, 34: the two before it are its own, and stay numbers.
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
