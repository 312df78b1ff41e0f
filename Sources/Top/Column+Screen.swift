// SPDX-License-Identifier: Apache-2.0

import LiveView

extension Column {
  /// The column heading.
  var title: String {
    switch self {
    case .exec: "EXEC/S"
    case .exit: "EXIT/S"
    case .fail: "FAIL/S"
    case .processes: "PROCS"
    case .threads: "THREADS"
    case .zombies: "ZOMBIES"
    case .name: "CONTAINER"
    }
  }

  /// The key that sorts by the column.
  var key: Character {
    switch self {
    case .exec: "e"
    case .exit: "x"
    case .fail: "f"
    case .processes: "p"
    case .threads: "t"
    case .zombies: "z"
    case .name: "n"
    }
  }
}
