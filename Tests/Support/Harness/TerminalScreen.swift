// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A real terminal that runs a command: tmux, with its own server.
///
/// The screen is what a user would see, without colours.
package final class TerminalScreen {
  private let folder: TemporaryFolder
  private let server: Child

  /// Opens a terminal and runs a shell command in it; the screen stays after the command has ended.
  package init(_ command: String, columns: Int = 80, rows: Int = 24) throws {
    let folder = try TemporaryFolder()
    // Not the user's own configuration. Without a delay, Escape is a key at once.
    try folder.write("set -g status off\nset -g remain-on-exit on\nset -s escape-time 0\n", to: "tmux.conf")
    // Not a daemon, which would survive and keep inherited descriptors open.
    server = try Child("/usr/bin/env", Self.tmux(folder, ["-D"]))
    self.folder = folder
    try eventually("tmux listens") { FileManager.default.fileExists(atPath: folder["tmux"]) }
    try tmux("new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", command)
  }

  deinit { _ = try? tmux("kill-server") }

  /// The lines on the screen, without trailing spaces.
  package func lines() throws -> [String] {
    try tmux("capture-pane", "-p").split(separator: "\n", omittingEmptySubsequences: false).map {
      String($0.reversed().drop { $0 == " " }.reversed())
    }
  }

  /// Waits until the screen meets a condition, and returns its lines.
  @discardableResult
  package func wait(until what: String, _ condition: ([String]) throws -> Bool) throws -> [String] {
    var lines: [String] = []
    do {
      try eventually(what) {
        lines = try self.lines()
        return try condition(lines)
      }
    } catch {
      throw TestFailure("\(error); the screen is\n\(lines.joined(separator: "\n"))")
    }
    return lines
  }

  /// Presses keys, by their tmux names or characters: `Escape`, `PPage`, `q`, `C-c`.
  package func press(_ keys: String...) throws { try tmux(["send-keys"] + keys) }

  /// Types literal text.
  package func type(_ text: String) throws { try tmux("send-keys", "-l", text) }

  /// Resizes the terminal.
  package func resize(columns: Int, rows: Int) throws {
    try tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)")
  }

  @discardableResult
  private func tmux(_ arguments: String...) throws -> String { try tmux(arguments) }

  @discardableResult
  private func tmux(_ arguments: [String]) throws -> String {
    let (status, output, errors) = try Child.run("/usr/bin/env", Self.tmux(folder, arguments))
    guard status == 0 else { throw TestFailure("tmux \(arguments.first ?? ""): \(errors)") }
    return output
  }

  /// The tmux command, with UTF-8 in any locale.
  private static func tmux(_ folder: TemporaryFolder, _ arguments: [String]) -> [String] {
    ["-u", "TMUX", "tmux", "-u", "-S", folder["tmux"], "-f", folder["tmux.conf"]] + arguments
  }
}
