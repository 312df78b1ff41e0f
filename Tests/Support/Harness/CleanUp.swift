// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A script that runs on demand, or after this process has ended for any reason. Another process waits for that; it inherits no
/// descriptor of this one.
///
/// For everything that outlives this process, such as containers, which another process runs.
package final class CleanUp {
  /// The scripts that run at the end of this process.
  private static let last = Mutex<[CleanUp]>([])

  private let child: Child

  /// - Parameters:
  ///   - script: For sh(1), with `arguments` as `$1` and so on.
  package init(_ script: String, _ arguments: [String]) throws {
    // Signals from the terminal do not end it. Its stdin ends with this process.
    child = try Child(
      "/bin/sh", ["-c", "trap '' HUP INT TERM; cat >/dev/null; \(script)", "sh"] + arguments,
      outlivesTests: true)
  }

  deinit { run() }

  /// Runs the script, unless it has run, and waits for its end.
  package func run() {
    child.closeInput()
    child.wait()
  }

  /// Registers a script that runs when this process has ended.
  static func atExit(_ script: String, _ arguments: [String]) {
    last.withLock { cleanUps in
      if let cleanUp = try? CleanUp(script, arguments) { cleanUps.append(cleanUp) }
    }
  }
}
