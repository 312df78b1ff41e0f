// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Containers

/// One row of `Fixtures/cgroup-paths.tsv`.
struct SeenPath: CustomTestStringConvertible {
  let path: String
  let identity: CgroupIdentity
  let source: String

  var testDescription: String { path }

  /// A row that is not one.
  struct Malformed: Error { let row: String }

  /// Reads all rows; `#` begins a comment.
  static func all() throws -> [SeenPath] {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/cgroup-paths.tsv")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }
      .map { row in
        let fields = row.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 5, !fields[4].isEmpty else { throw Malformed(row: String(row)) }
        let runtime = fields[2] == "-" ? nil : Runtime(rawValue: fields[2])
        guard runtime != nil || fields[2] == "-" else { throw Malformed(row: String(row)) }
        return SeenPath(
          path: fields[0],
          identity: CgroupIdentity(
            containerID: fields[1] == "-" ? nil : fields[1], runtime: runtime,
            podUID: fields[3] == "-" ? nil : fields[3]),
          source: fields[4])
      }
  }
}
