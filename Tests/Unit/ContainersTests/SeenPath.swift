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

  /// The error for an invalid row.
  struct Malformed: Error { let row: String }

  /// Reads all rows; `#` begins a comment.
  static func all() throws -> [SeenPath] {
    try rows(of: "cgroup-paths.tsv", fields: 5).map { fields in
      let runtime = fields[2] == "-" ? nil : Runtime(rawValue: fields[2])
      guard runtime != nil || fields[2] == "-" else { throw Malformed(row: fields.joined(separator: "\t")) }
      return SeenPath(
        path: fields[0],
        identity: CgroupIdentity(
          containerID: fields[1] == "-" ? nil : fields[1], runtime: runtime,
          podUID: fields[3] == "-" ? nil : fields[3]),
        source: fields[4])
    }
  }

  /// Reads the rows of a table; the last field of each is its source.
  static func rows(of table: String, fields count: Int) throws -> [[String]] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(table)")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }
      .map { row in
        let fields = row.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == count, !fields[count - 1].isEmpty else { throw Malformed(row: String(row)) }
        return fields
      }
  }
}

/// One row of `Fixtures/cgroup-units.tsv`.
struct SeenUnit: CustomTestStringConvertible {
  let path: String
  let containerID: String?
  let unit: String?
  let source: String

  var testDescription: String { path }

  /// Reads all rows.
  static func all() throws -> [SeenUnit] {
    try SeenPath.rows(of: "cgroup-units.tsv", fields: 4).map { fields in
      SeenUnit(
        path: fields[0], containerID: fields[1] == "-" ? nil : fields[1],
        unit: fields[2] == "-" ? nil : fields[2], source: fields[3])
    }
  }
}
