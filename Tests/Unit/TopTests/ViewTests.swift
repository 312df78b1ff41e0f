// SPDX-License-Identifier: Apache-2.0

import Terminal
import Testing
import Text

@testable import LiveView
@testable import Top

@Suite struct ViewTests {
  /// A view after two samples of `count` namespaces, a second apart: number i has i execs per second, and i + 1 processes.
  static func view(_ count: Int, pod: String = "") -> View {
    var view = View(source: "http://here/metrics", interval: "2s", order: Order(.exec))
    for time in [0.0, 1] { ingest(count, at: time, pod: pod, &view) }
    return view
  }

  private static func ingest(_ count: Int, at time: Double, pod: String = "", _ view: inout View) {
    var sample = Sample()
    sample.time = time
    for number in 0..<count {
      var entry = Sample.Entry()
      entry.events.execs = time * Double(number)
      (entry.processes, entry.threads, entry.zombies) = (Double(number + 1), Double(2 * number + 1), 0)
      sample.namespaces[.init(pidns: "\(100 + number)", pod: pod, container: "c\(number)")] = entry
    }
    view.meter.ingest(sample, at: time)
  }

  static func text(_ view: inout View, _ columns: Int, _ rows: Int) -> [String] {
    view.lines(Terminal.Size(columns: columns, rows: rows)).map {
      String($0.text.reversed().drop { $0 == " " }.reversed())
    }
  }

  static func names(_ view: inout View, rows: Int = 30) -> [String] {
    text(&view, 80, rows).dropFirst(View.headLines).compactMap {
      $0.split(separator: " ").first.map(String.init)
    }
  }

  @Test("Only the host's namespace is named host, also before its init was seen")
  func host() {
    var entry = Sample.Entry()
    #expect(Row(.init(pidns: "4026531836"), entry, rates: nil).name == "[host]")
    #expect(Row(.init(pidns: "4026532180"), entry, rates: nil).name == "[pidns 4026532180]")
    entry.isHost = true
    #expect(Row(.init(), entry, rates: nil).name == "[host]")
  }

  static func press(_ view: inout View, _ text: String) {
    for character in text { #expect(view.handle(.character(character)) == .show) }
  }

  @Test("The table fits into 40, 80, 120 and 200 columns")
  func widths() {
    var view = Self.view(2, pod: "web-7d4b")
    #expect(
      Self.text(&view, 40, 6)[3...] == [
        "CONTAINER        EXEC/S▼  EXIT/S  FAIL/S", "c1                   1.0     0.0     0.0",
        "c0                   0.0     0.0     0.0",
      ])
    #expect(
      Self.text(&view, 80, 6)[3...] == [
        "CONTAINER      POD             EXEC/S▼  EXIT/S  FAIL/S   PROCS  THREADS  ZOMBIES",
        "c1             /web-7d4b           1.0     0.0     0.0       2        3        0",
        "c0             /web-7d4b           0.0     0.0     0.0       1        1        0",
      ])
    let wide = Self.text(&view, 120, 6)
    #expect(
      wide[3].hasPrefix("CONTAINER                     POD                           PIDNS      EXEC/S▼"))
    #expect(
      wide[4].hasPrefix("c1                            /web-7d4b                     101            1.0"))
    #expect(Self.text(&view, 200, 6)[4].hasSuffix("1.0     0.0     0.0       2        3        0"))
  }

  @Test(
    "Every line is as wide as the screen, and there are as many lines as rows",
    arguments: [1, 2, 5, 12, 40, 80, 200])
  func exact(columns: Int) {
    var view = Self.view(50, pod: "大大大大大大大大大大大大大大大大")
    for rows in [1, 3, 4, 5, 24, 100] {
      let screen = view.screen(Terminal.Size(columns: columns, rows: rows))
      let lines = screen.dropFirst("\u{1b}[H".count).split(
        separator: "\r\n", omittingEmptySubsequences: false)
      #expect(lines.count == rows)
      for line in lines {
        let text = String(line.replacing(/\u{1b}\[[0-9]*m/, with: ""))
        #expect(text.columns == columns, "\(text)")
      }
    }
  }

  @Test("Scrolling reaches the last row and stops there")
  func scrolling() {
    var view = Self.view(50)
    #expect(Self.names(&view, rows: 14) == (40..<50).reversed().map { "c\($0)" })
    Self.press(&view, "jjk")
    #expect(Self.names(&view, rows: 14).first == "c48")
    _ = view.handle(.pageDown)
    #expect(Self.names(&view, rows: 14).first == "c38")
    _ = view.handle(.end)
    #expect(Self.names(&view, rows: 14).last == "c0")
    #expect(Self.names(&view, rows: 14).first == "c9")
    Self.press(&view, "jjjj")
    #expect(Self.names(&view, rows: 14).first == "c9")
    _ = view.handle(.up)
    #expect(Self.names(&view, rows: 14).first == "c10")
    _ = view.handle(.home)
    #expect(Self.names(&view, rows: 14).first == "c49")
    for _ in 0..<10 { _ = view.handle(.pageUp) }
    // A larger screen shows all rows.
    #expect(Self.names(&view, rows: 60).count == 50)
  }

  @Test("After End, the last rows stay on the screen when rows come and go")
  func end() {
    var view = Self.view(50)
    Self.press(&view, "e")
    _ = view.handle(.end)
    for (time, count) in [60, 30, 55].enumerated() {
      Self.ingest(count, at: Double(time + 2), &view)
      #expect(Self.names(&view, rows: 14).last == "c\(count - 1)")
    }
    _ = view.handle(.up)
    #expect(Self.names(&view, rows: 14).last == "c53")
    Self.ingest(60, at: 5, &view)
    #expect(Self.names(&view, rows: 14).last == "c53")
  }

  @Test("A key sorts by its column; pressing it again reverses the order")
  func sorting() {
    var view = Self.view(3)
    #expect(Self.names(&view) == ["c2", "c1", "c0"])
    Self.press(&view, "e")
    #expect(Self.names(&view) == ["c0", "c1", "c2"])
    #expect(Self.text(&view, 80, 5)[3].contains("EXEC/S▲"))
    Self.press(&view, "p")
    #expect(Self.names(&view) == ["c2", "c1", "c0"])
    #expect(Self.text(&view, 80, 5)[3].contains(" PROCS▼"))
    Self.press(&view, "n")
    #expect(Self.names(&view) == ["c0", "c1", "c2"])
    Self.press(&view, "n")
    #expect(Self.names(&view) == ["c2", "c1", "c0"])
    // All are equal: by name.
    Self.press(&view, "z")
    #expect(Self.names(&view) == ["c0", "c1", "c2"])
  }

  @Test("A filter applies while typing; Enter keeps it, Esc clears it")
  func filtering() {
    var view = Self.view(20)
    Self.press(&view, "/C1")
    #expect(Self.names(&view).count == 11)
    #expect(Self.text(&view, 80, 5)[2].hasPrefix("filter: C1█"))
    Self.press(&view, "9q")
    #expect(Self.names(&view).isEmpty)
    _ = view.handle(.backspace)
    #expect(Self.names(&view) == ["c19"])
    _ = view.handle(.enter)
    #expect(Self.text(&view, 80, 5)[2] == "filter: C19   1 of 20 rows, Esc clears it")
    Self.press(&view, "nn")
    #expect(Self.names(&view) == ["c19"])
    _ = view.handle(.escape)
    #expect(Self.names(&view).count == 20)
    Self.press(&view, "/" + String(repeating: "x", count: 1000))
    #expect(view.filter.count == View.filterLimit)
    _ = view.handle(.clear)
    #expect(view.filter.isEmpty && view.isTyping)
  }

  @Test("The header lines give totals and problems")
  func head() {
    var view = Self.view(2)
    #expect(Self.text(&view, 100, 5)[0] == "pidns-exporter top   every 2s   http://here/metrics")
    #expect(
      Self.text(&view, 100, 5)[1].hasPrefix(
        "node: 0.0 exec/s  0.0 exit/s  0.0 fail/s  0 namespaces, 0 retained"))
    #expect(Self.text(&view, 100, 5)[2] == "h: help")
    Self.press(&view, "h")
    #expect(Self.text(&view, 80, 5)[2].hasSuffix("q: quit"))
    view.problem = "the exporter refuses the connection; trying again"
    #expect(Self.text(&view, 80, 5)[2] == "the exporter refuses the connection; trying again")
    #expect(Self.names(&view).count == 2)
    #expect(view.handle(.character(" ")) == .pause)
    #expect(Self.text(&view, 100, 5)[0].hasPrefix("pidns-exporter top   every 2s, paused"))
    #expect(view.handle(.character(" ")) == .resume)
    #expect(view.handle(.character("q")) == .quit)
  }

  @Test("A table for scripts has every column at full width, without styles")
  func table() {
    let view = Self.view(12, pod: "p")
    let lines = view.table(width: nil, limit: 2).split(separator: "\n")
    #expect(
      lines == [
        "CONTAINER POD PIDNS EXEC/S EXIT/S FAIL/S PROCS THREADS ZOMBIES",
        "c11       /p  111     11.0    0.0    0.0    12      23       0",
        "c10       /p  110     10.0    0.0    0.0    11      21       0",
      ])
    #expect(view.table(width: 40, limit: nil).split(separator: "\n").allSatisfy { String($0).columns == 40 })
    #expect(view.table(width: nil, limit: nil).split(separator: "\n").count == 13)
  }

  @Test("Names cannot control the terminal")
  func hostile() {
    var view = View(source: "x", interval: "2s", order: Order(.name))
    var sample = Sample()
    var entry = Sample.Entry()
    entry.processes = 1
    sample.namespaces[.init(container: "\u{1b}]0;owned\u{7}\n\u{202e}")] = entry
    entry.initComm = "\u{1b}[2J"
    sample.namespaces[.init(pidns: "\u{1b}c", pod: "\n")] = entry
    view.meter.ingest(sample, at: 0)
    let harmless: Set<Character> = ["\n"]
    for text in [view.table(width: nil, limit: nil)] + Self.text(&view, 200, 10) {
      #expect(text.allSatisfy { $0.isASCII && $0 >= " " || !$0.isASCII || harmless.contains($0) })
      #expect(!text.contains("\u{202e}"))
    }
    #expect(view.table(width: nil, limit: nil).split(separator: "\n").count == 3)
  }

  @Test(
    "Rates and counts fit into seven characters",
    arguments: [
      (0, "0.0", "0"), (0.01, "<0.1", "0"), (0.05, "0.1", "0"), (9.96, "10.0", "10"),
      (12345.67, "12345.7", "12346"),
      (99_999.96, "100000", "100000"), (1_234_567, "1.2M", "1.2M"), (999_999.7, "1.0M", "1.0M"),
      (999_999_998, "999.9M", "999.9M"), (2_500_000_000, "2.5G", "2.5G"), (1e300, "huge", "huge"),
    ])
  func numbers(value: Double, rate: String, count: String) {
    #expect(value.asRate == rate)
    #expect(value.asCount == count)
  }
}
