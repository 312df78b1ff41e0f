// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A script that runs when it is due, or when this process has ended, whatever ended it: a process of its own waits for that, and has
/// nothing of this process's open.
///
/// For what outlives the process that asked for it: containers, which another process runs.
package final class CleanUp {
  /// Those that wait for the end of this process.
  private static let last = Mutex<[CleanUp]>([])

  private let child: Child

  /// - Parameters:
  ///   - script: For sh(1), with `arguments` as `$1` and so on.
  package init(_ script: String, _ arguments: [String]) throws {
    // Not by the keys that end the tests. Its stdin ends with this process.
    child = try Child(
      "/bin/sh", ["-c", "trap '' HUP INT TERM; cat >/dev/null; \(script)", "sh"] + arguments,
      outlivesTests: true)
  }

  deinit { run() }

  /// Runs it now, if it has not run yet, and waits for its end.
  package func run() {
    child.closeInput()
    child.wait()
  }

  /// Has a script run when this process has ended.
  static func atExit(_ script: String, _ arguments: [String]) {
    last.withLock { cleanUps in
      if let cleanUp = try? CleanUp(script, arguments) { cleanUps.append(cleanUp) }
    }
  }
}
