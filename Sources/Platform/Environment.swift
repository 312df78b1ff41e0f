// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The variables that the process was given.
package enum Environment {
  /// By their names; of a name that is there twice the first one, as getenv(3) has it.
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
