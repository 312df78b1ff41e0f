// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The running kernel.
package enum Kernel {
  /// The release, such as `6.1.0-18-amd64` (`uname -r`).
  package static var release: String {
    var name = utsname()
    guard unsafe uname(&name) == 0 else { return "" }
    return unsafe withUnsafeBytes(of: name.release) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
