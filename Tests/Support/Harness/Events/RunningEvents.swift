// SPDX-License-Identifier: Apache-2.0

import Foundation

/// `pidns-exporter events --output json`, which writes into a file, so it never waits for a reader.
package final class RunningEvents {
  package let child: Child
  /// The output file.
  package let path: String
  private let folder: TemporaryFolder

  /// The program's command, without flags of a test.
  package static let command = [Built.exporter.path(), "events"] + Built.chosenFlags

  /// Starts the program, and returns when it shows events.
  ///
  /// - Parameter output: The output file; nil for a temporary one.
  package convenience init(output: String? = nil, _ flags: String...) throws {
    try self.init(output: output, flags)
  }

  package init(output: String? = nil, _ flags: [String]) throws {
    folder = try TemporaryFolder()
    path = output ?? folder["events"]
    child = try Child(
      "/bin/sh",
      ["-c", "exec \"$@\" --log.level=info --output=json >\(path)", "sh"] + Self.command + flags)
    try eventually("events are shown") {
      guard child.isRunning else { throw TestFailure("it has ended: \(child.stderr)") }
      return child.stderr.contains(#"msg="showing events""#)
    }
  }

  /// Lines on stderr that are not log lines.
  package var messages: [Substring] { child.stderr.split(separator: "\n").filter { !$0.hasPrefix("ts=") } }

  /// Sends SIGINT, and reads all events.
  package func finish() throws -> [StreamedEvent] {
    try stop()
    return try StreamedEvent.lines(of: String(contentsOfFile: path, encoding: .utf8))
  }

  /// Sends SIGINT, as Ctrl-C does.
  package func stop() throws {
    child.signal(SIGINT)
    let status = child.wait()
    guard status == 0 else { throw TestFailure("it ended with \(status): \(child.stderr)") }
  }
}
