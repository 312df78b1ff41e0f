// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The programs that the build put beside the tests.
enum Built {
  static let exporter = beside("pidns-exporter")
  static let workload = beside("pidns-workload")

  private static func beside(_ name: String) -> URL {
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: name)
  }
}

/// Why a test cannot go on.
struct TestFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
