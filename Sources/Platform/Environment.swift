// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The environment variables of the process.
package enum Environment {
  /// The values by name. The first of duplicate names wins, as in getenv(3).
  package static var variables: [String: String] {
    var variables: [String: String] = [:]
    var next = unsafe environ
    while let entry = unsafe next.pointee {
      let text = unsafe String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        let name = String(text[..<equals])
        if variables[name] == nil { variables[name] = String(text[text.index(after: equals)...]) }
      }
      unsafe next += 1
    }
    return variables
  }
}
