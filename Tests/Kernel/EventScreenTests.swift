// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// `pidns-exporter events` in a real terminal.
  @Suite(.serialized) struct EventScreens {
    /// A user id that nothing else uses.
    static let user = 4322

    /// Runs a shell of that user that exits with 7, and returns its PID.
    static func fail() throws -> String {
      let (status, stdout, _) = try Child.run(
        "/usr/bin/setpriv",
        ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", "sh", "-c", "echo $$; exit 7"])
      #expect(status == 7)
      return stdout.split(separator: "\n").first.map(String.init) ?? ""
    }

    @Test("The table fits the terminal width and follows a resize", arguments: [80, 200])
    func table(columns: Int) throws {
      let terminal = try TerminalScreen(
        "\(RunningEvents.command.joined(separator: " ")) --uid=\(Self.user) --args", columns: columns,
        rows: 20)
      // Before it listens, events are not shown.
      var pid = ""
      var lines = try terminal.wait(until: "events are shown") { lines in
        pid = try Self.fail()
        return lines.contains { $0.contains("code 7") }
      }
      try terminal.wait(until: "the last one is shown") { now in
        lines = now
        return now.contains { $0.contains(" \(pid) ") && $0.contains("code 7") }
      }
      let header = try #require(lines.first { $0.hasPrefix("TIME") })
      let titles = header.split(separator: " ").map(String.init)
      #expect(titles.contains("PIDNS") == (columns == 200) && titles.contains("UTSNS") == (columns == 200))
      #expect(lines.allSatisfy { $0.count <= columns })
      for line in lines where line.contains(" \(pid) ") {
        // Numbers are aligned to the right, below the ends of their titles.
        for (title, value) in [("UID", "\(Self.user)"), ("PID", pid)] where titles.contains(title) {
          let end = try #require(header.range(of: " \(title) ")).upperBound
          let before = line[
            ..<line.index(line.startIndex, offsetBy: header.distance(from: header.startIndex, to: end) - 1)]
          #expect(before.hasSuffix(" \(value)"), "\(title) in \(line)")
        }
        #expect(line.contains("exit") == line.contains("code 7"))
      }
      #expect(lines.contains { $0.contains("exec") && $0.contains("sh -c") })

      let other = 280 - columns
      try terminal.resize(columns: other, rows: 20)
      try terminal.wait(until: "there is a header of the new width") { now in
        _ = try Self.fail()
        return now.last { $0.hasPrefix("TIME") }?.contains("PIDNS") == (other == 200)
          && now.allSatisfy { $0.count <= other }
      }
      try terminal.press("C-c")
      try terminal.wait(until: "the last line has the counts") { lines in
        lines.contains { $0.contains("events shown, 0 dropped") }
      }
    }

    @Test("A process name cannot inject terminal escape sequences")
    func hostile() throws {
      let terminal = try TerminalScreen(
        "\(RunningEvents.command.joined(separator: " ")) --uid=\(Self.user) --args", columns: 120, rows: 20)
      let script = "import ctypes; ctypes.CDLL(None).prctl(15, b'\\x1b[2J\\x1b[31mred'); print(flush=True)"
      let lines = try terminal.wait(until: "its exec and its end are shown") { lines in
        _ = try Child.run(
          "/usr/bin/setpriv",
          [
            "--reuid=\(Self.user)", "--regid=\(Self.user)", "--clear-groups", "/usr/bin/python3", "-c",
            script,
            "\u{1b}[2J\u{1b}]0;title\u{7}",
          ])
        // The first exec may precede the attachment.
        return lines.contains { $0.contains("exit") && $0.contains("�[2J") }
          && lines.contains { $0.contains("exec") && $0.contains("python3") }
      }
      #expect(lines.contains { $0.hasPrefix("TIME") })
    }
  }
}
