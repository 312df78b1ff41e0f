// SPDX-License-Identifier: Apache-2.0

package import Foundation
internal import Glibc

/// The programs that the build put beside the tests.
package enum Built {
  package static let exporter = beside("pidns-exporter")
  package static let workload = beside("pidns-workload")

  private static func beside(_ name: String) -> URL {
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: name)
  }
}

/// Why a test cannot go on.
package struct TestFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// Waits for something that has to come true; a minute is for a machine that is busy with other things.
package func eventually(_ what: String, _ condition: () throws -> Bool) throws {
  let deadline = ContinuousClock.now + .seconds(60)
  while try !condition() {
    guard ContinuousClock.now < deadline else { throw TestFailure("it never came true that \(what)") }
    usleep(20_000)
  }
}
