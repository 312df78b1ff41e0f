// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe
import ProcessEvents
import Testing
import Text

@Suite struct TableTests {
  private static func options(columns: Int?, isColored: Bool = false) -> EventWriter.Options {
    var options = Samples.withArguments
    options.columns = columns
    options.isColored = isColored
    return options
  }

  private static func lines(_ records: [EventRecord], columns: Int?, isColored: Bool = false) -> [String] {
    Samples.text(records, .table, options: options(columns: columns, isColored: isColored))
      .split(separator: "\n").map(String.init)
  }

  /// Times depend on the time zone: returns the text after them.
  private static func rest(of lines: [String]) -> [String] { lines.map { String($0.dropFirst(12)) } }

  @Test("The table fits into 80 columns")
  func eighty() {
    #expect(
      Self.rest(of: Self.lines(Samples.actions.map { Samples.record($0) }, columns: 80)) == [
        " EVENT     PID    PPID COMM       CONTAINER   WHAT",
        " exec       11      13 sh         web         /bin/sh -c 'it'\\''s \"…",
        " exit       11      13 sh         web         code 127 340ms tid 12…",
        " exit       11      13 sh         web         SIGSEGV core 3d4h tid…",
        " exit       11      13 sh         web         code 0 1.2s tid 12 (4…",
        " exit       11      13 sh         web         teardown 3m20s tid 12…",
        " fork       11      13 sh         web         -",
        " oom        11      13 sh         web         out of memory tid 12 …",
      ])
  }

  @Test("At 200 columns the table has all fields that identify a process")
  func twoHundred() {
    #expect(
      Self.rest(of: Self.lines([Samples.record(Samples.exit)], columns: 200)) == [
        " EVENT    HPID   HPPID     PID    PPID    UID    GID COMM           CGROUP      PIDNS  CGNS IPCNS MNTNS"
          + " NETNS TIMNS USRNS UTSNS POD                  CONTAINER        WHAT",
        " exit  4194303 4194301      11      13 100033 100034 sh               7654 4026532205 …2201 …2202 …2203"
          + " …2204 …2206 …2207 …2208 shop/cart-7d9f       web              code 127 340ms tid 12…",
      ])
  }

  @Test("In a pipe no text is cut, and an unknown value is a dash")
  func pipe() {
    let name = String(repeating: "n", count: 100)
    let record = Samples.record(
      .exec(file: "/" + name, arguments: nil, isCut: false),
      container: Container(names: Container.Names(container: name)))
    #expect(
      Self.rest(of: Self.lines([record], columns: nil)).last
        == " exec  4194303 4194302 4194301      11      12      13     100033     100034 sh                  7654"
        + " 4026532205 4026532201 4026532202 4026532203 4026532204 4026532206 4026532207 4026532208 -"
        + String(repeating: " ", count: 40) + "\(name) /\(name)")
  }

  @Test("No line is wider than the terminal, and columns are aligned", arguments: 0...260)
  func widths(columns: Int) {
    let texts = ["sh", "a-long-name-of-a-process", "大大大大大大大大大大大大大大大大大大", "\u{1b}[2J\n\u{202e}", ""]
    let records = texts.flatMap { text in
      (Samples.actions + [.exec(file: text, arguments: [text, text], isCut: true)]).map {
        Samples.record(
          $0, comm: text,
          container: Container(names: Container.Names(namespace: text, pod: text, container: text)))
      }
    }
    let lines = Self.lines(records, columns: columns)
    #expect(lines.allSatisfy { $0.columns <= columns && $0.printable == $0 })
    guard columns >= 60, let header = lines.first, let what = header.firstRange(of: "WHAT") else {
      #expect(columns < 60)
      return
    }
    // Descriptions begin in the same column, after a space, and are readable.
    let start = String(header[..<what.lowerBound]).columns
    #expect(columns - start >= 13)
    for line in lines {
      var before = ""
      for scalar in line.unicodeScalars where before.columns < start { before.unicodeScalars.append(scalar) }
      #expect(before.columns == start && before.last == " ")
    }
  }

  @Test("Colours do not change the text")
  func colors() {
    let records = Samples.actions.map { Samples.record($0) }
    for columns in [40, 80, 200, nil] {
      let colored = Self.lines(records, columns: columns, isColored: true)
      #expect(
        colored.map { $0.replacing(/\u{1b}\[[0-9]+m/, with: "") } == Self.lines(records, columns: columns))
    }
    let exec = Self.lines([Samples.record(Samples.exec)], columns: 80, isColored: true)
    #expect(exec.last?.contains("\u{1b}[32mexec \u{1b}[0m") == true)
    let oom = Self.lines([Samples.record(.oomKill)], columns: 80, isColored: true)
    #expect(oom.last?.contains("\u{1b}[31m\u{1b}[1moom  \u{1b}[0m\u{1b}[0m") == true)
  }

  @Test("The header is printed first, after a resize, and once per screen")
  func headers() {
    var options = Self.options(columns: 80)
    options.rows = 5
    var writer = EventWriter(.table, options: options)
    var bytes: [UInt8] = []
    for _ in 0..<4 { writer.write(Samples.record(.fork), to: &bytes) }
    writer.resize(columns: 80, rows: 50)
    writer.write(Samples.record(.fork), to: &bytes)
    writer.resize(columns: 60, rows: 50)
    writer.resize(columns: 60, rows: 50)
    writer.write(Samples.record(.fork), to: &bytes)
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    #expect(lines.map { $0.hasPrefix("TIME") ? "H" : "-" }.joined() == "H---H--H-")
  }

  @Test("Dropped events are reported in one line")
  func dropped() {
    var writer = EventWriter(.table, options: Self.options(columns: 60))
    var bytes: [UInt8] = []
    writer.writeDropped(1, time: Samples.time, to: &bytes)
    writer.writeDropped(123_456, time: Samples.time, to: &bytes)
    #expect(
      Self.rest(of: String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init))
        .dropFirst()
        == [
          " DROPPED 1 event: no room in the kernel's buffe…",
          " DROPPED 123456 events: no room in the kernel's…",
        ])
  }

  @Test(
    "Lifetimes are printed in readable units",
    arguments: [
      (0, "0µs"), (999_999, "999µs"), (1_000_000, "1ms"), (999_999_999, "999ms"), (1_250_000_000, "1.2s"),
      (59_999_999_999, "59.9s"), (60_000_000_000, "1m0s"), (3_599_000_000_000, "59m59s"),
      (3_600_000_000_000, "1h0m"), (86_400_000_000_000, "1d0h"), (UInt64.max, "213503d23h"),
    ] as [(UInt64, String)])
  func lifetimes(nanoseconds: UInt64, text: String) {
    let exit = ProcessEvent.Action.exit(reason: .completed, status: .code(0), lifetime: nanoseconds)
    #expect(Self.lines([Samples.record(exit)], columns: nil).last?.hasSuffix(" code 0 \(text)") == true)
  }
}
