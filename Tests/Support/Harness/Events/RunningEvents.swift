// SPDX-License-Identifier: Apache-2.0

import Foundation

/// `pidns-exporter events --output json`, writing into a file, so that it never waits for its reader.
package final class RunningEvents {
  package let child: Child
  /// The file that it writes.
  package let path: String
  private let folder: TemporaryFolder

  /// Starts it and waits until it tells of what happens.
  ///
  /// - Parameter output: Where it writes to, instead of to a file of its own.
  package convenience init(output: String? = nil, _ flags: String...) throws {
    try self.init(output: output, flags)
  }

  package init(output: String? = nil, _ flags: [String]) throws {
    folder = try TemporaryFolder()
    path = output ?? folder["events"]
    child = try Child(
      "/bin/sh",
      ["-c", "exec \"$0\" events --log.level=info --output=json \"$@\" >\(path)", Built.exporter.path()]
        + flags)
    try eventually("events are told") {
      guard child.isRunning else { throw TestFailure("it has ended: \(child.stderr)") }
      return child.stderr.contains(#"msg="showing events""#)
    }
  }

  /// What it said on stderr beside its log.
  package var said: [Substring] { child.stderr.split(separator: "\n").filter { !$0.hasPrefix("ts=") } }

  /// Ends it as Ctrl-C does, and reads all that it told.
  package func finish() throws -> [ToldEvent] {
    try stop()
    return try ToldEvent.lines(of: String(contentsOfFile: path, encoding: .utf8))
  }

  /// Ends it as Ctrl-C does.
  package func stop() throws {
    child.signal(SIGINT)
    let status = child.wait()
    guard status == 0 else { throw TestFailure("it ended with \(status): \(child.stderr)") }
  }
}
