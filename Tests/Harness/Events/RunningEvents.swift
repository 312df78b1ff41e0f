// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// `pidns-exporter events --output json`, writing into a file, so that it never waits for its reader.
package final class RunningEvents {
  package let child: Child
  private let folder: TemporaryFolder

  /// The file that it writes.
  package var path: String { folder["events"] }

  /// Starts it and waits until it tells of what happens.
  package init(_ flags: String...) throws {
    folder = try TemporaryFolder()
    child = try Child(
      "/bin/sh",
      ["-c", "exec \"$0\" events --output=json \"$@\" >\(folder["events"])", Built.exporter.path()] + flags)
    try eventually("events are told") {
      guard child.isRunning else { throw TestFailure("it has ended: \(child.stderr)") }
      _ = try Child.run("/bin/true", [])
      return try size() > 0
    }
  }

  /// Bytes that it has written by now.
  package func size() throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
  }

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
