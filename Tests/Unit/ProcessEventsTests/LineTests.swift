// SPDX-License-Identifier: Apache-2.0

import Containers
import Foundation
import Probe
import ProcessEvents
import Testing

@Suite struct LineTests {
  private static func json(_ event: String, rest: String) -> String {
    #"{"time":"2026-11-22T22:45:01.042000007Z","event":"\#(event)","host_pid":4194303,"host_tid":4194302,"#
      + #""host_ppid":4194301,"pid":11,"tid":12,"ppid":13,"uid":100033,"gid":100034,"comm":"sh","#
      + #""cgroup_id":7654,"cgroup_ns":4026532201,"ipc_ns":4026532202,"mnt_ns":4026532203,"#
      + #""net_ns":4026532204,"pid_ns":4026532205,"time_ns":4026532206,"user_ns":4026532207,"#
      + #""uts_ns":4026532208,"namespace":"shop","pod":"cart-7d9f","container":"web","#
      + #""container_id":"0123456789abcdef","unit":""\#(rest)}"# + "\n"
  }

  private static func logfmt(_ event: String, rest: String) -> String {
    "time=2026-11-22T22:45:01.042000007Z event=\(event) host_pid=4194303 host_tid=4194302 host_ppid=4194301"
      + " pid=11 tid=12 ppid=13 uid=100033 gid=100034 comm=sh cgroup_id=7654 cgroup_ns=4026532201"
      + " ipc_ns=4026532202 mnt_ns=4026532203 net_ns=4026532204 pid_ns=4026532205 time_ns=4026532206"
      + " user_ns=4026532207 uts_ns=4026532208 namespace=shop pod=cart-7d9f container=web"
      + " container_id=0123456789abcdef unit=\"\"\(rest)\n"
  }

  @Test(
    "JSON lines of one event kind have the same keys in the same order",
    arguments: [
      (Samples.exec, "exec", #","file":"/bin/sh""#), (.fork, "fork", ""), (.oomKill, "oom_kill", ""),
      (
        Samples.exit, "exit",
        #","reason":"error","exit_code":127,"signal":null,"core_dumped":false,"lifetime_seconds":0.340000001"#
      ),
      (
        Samples.death, "exit",
        #","reason":"signaled","exit_code":null,"signal":"SIGSEGV","core_dumped":true,"lifetime_seconds":273600.000000000"#
      ),
      (
        Samples.completed, "exit",
        #","reason":"completed","exit_code":0,"signal":null,"core_dumped":false,"lifetime_seconds":1.200000000"#
      ),
      (
        Samples.teardown, "exit",
        #","reason":"teardown","exit_code":null,"signal":"SIGKILL","core_dumped":false,"lifetime_seconds":200.000000000"#
      ),
    ])
  func json(action: ProcessEvent.Action, event: String, rest: String) {
    #expect(Samples.text([Samples.record(action)], .json) == Self.json(event, rest: rest))
  }

  @Test("A process in a unit has the unit as a field, and in the table beside its container")
  func units() {
    let names = [
      Container.Names(unit: "web.service"), Container.Names(container: "lxc1", unit: "web.service"),
    ]
    let records = names.map { Samples.record(.fork, container: Container(names: $0)) }
    let json = Samples.text(records, .json).split(separator: "\n")
    #expect(json[0].contains(#""container":"","container_id":"","unit":"web.service"}"#))
    #expect(json[1].contains(#""container":"lxc1","container_id":"","unit":"web.service"}"#))
    #expect(Samples.text(records, .logfmt).contains(" container=lxc1 container_id=\"\" unit=web.service\n"))
    let table = Samples.text(records, .table).split(separator: "\n")
    #expect(table.contains { $0.contains(" web.service") })
    #expect(table.contains { $0.contains(" lxc1/web.service") })
  }

  @Test(
    "logfmt has JSON's keys, and quotes values that need it",
    arguments: [
      (Samples.exec, "exec", " file=/bin/sh"), (.fork, "fork", ""), (.oomKill, "oom_kill", ""),
      (
        Samples.exit, "exit",
        #" reason=error exit_code=127 signal="" core_dumped=false lifetime_seconds=0.340000001"#
      ),
      (
        Samples.death, "exit",
        #" reason=signaled exit_code="" signal=SIGSEGV core_dumped=true lifetime_seconds=273600.000000000"#
      ),
    ])
  func logfmt(action: ProcessEvent.Action, event: String, rest: String) {
    #expect(Samples.text([Samples.record(action)], .logfmt) == Self.logfmt(event, rest: rest))
  }

  @Test("Arguments are a list in JSON, and a shell command line in logfmt")
  func arguments() {
    let record = Samples.record(Samples.exec)
    #expect(
      Samples.text([record], .json, options: Samples.withArguments)
        == Self.json(
          "exec", rest: #","file":"/bin/sh","args":["sh","-c","it's \"1\""],"args_truncated":true"#))
    #expect(
      Samples.text([record], .logfmt, options: Samples.withArguments)
        == Self.logfmt(
          "exec", rest: #" file=/bin/sh args="sh -c 'it'\\''s \"1\"'" args_truncated=true"#))
  }

  @Test("Unreadable arguments are null")
  func unreadArguments() {
    let record = Samples.record(.exec(file: "/bin/sh", arguments: nil, isCut: false))
    #expect(
      Samples.text([record], .json, options: Samples.withArguments)
        == Self.json("exec", rest: #","file":"/bin/sh","args":null,"args_truncated":false"#))
  }

  @Test("On request, user ids are those inside the user namespace")
  func ownUsers() {
    var options = EventWriter.Options()
    options.userView = .own
    #expect(
      Samples.text([Samples.record(.fork)], .json, options: options).contains(#""uid":33,"gid":34,"comm""#))
  }

  @Test("Dropped events are reported in their place")
  func dropped() {
    for (format, line) in [
      (EventFormat.json, #"{"time":"2026-11-22T22:45:01.042000007Z","event":"dropped","count":12}"#),
      (.logfmt, "time=2026-11-22T22:45:01.042000007Z event=dropped count=12"),
    ] {
      var writer = EventWriter(format)
      var bytes: [UInt8] = []
      writer.writeDropped(12, time: Samples.time, to: &bytes)
      #expect(String(decoding: bytes, as: UTF8.self) == line + "\n")
    }
  }

  @Test(
    "Times are right at the ends of months and years and on leap days",
    arguments: [
      (0, "1970-01-01T00:00:00"), (-1, "1969-12-31T23:59:59"), (951_782_400, "2000-02-29T00:00:00"),
      (951_868_799, "2000-02-29T23:59:59"), (951_868_800, "2000-03-01T00:00:00"),
      (1_709_251_199, "2024-02-29T23:59:59"), (1_735_689_599, "2024-12-31T23:59:59"),
      (1_735_689_600, "2025-01-01T00:00:00"), (4_107_542_400, "2100-03-01T00:00:00"),
      (253_402_300_799, "9999-12-31T23:59:59"),
    ])
  func times(seconds: Int, text: String) {
    let time = WallTime(seconds: seconds, nanoseconds: 999_999_999)
    #expect(
      Samples.text([Samples.record(.fork, time: time)], .logfmt).hasPrefix(
        "time=\(text).999999999Z event=fork"))
  }

  @Test("Python parses lines with hostile process names, and no line controls a terminal")
  func hostile() throws {
    let scalars = (0..<0xd800).filter { $0 < 0x250 || $0 >= 0x600 && $0 < 0x620 || $0 >> 8 == 0x20 }
    var texts = scalars.compactMap { Unicode.Scalar($0).map { "a\($0)b" } }
    texts += [
      "", "\"", "\\", "\\\"", #"\u0041"#, "🐧\u{200d}🔥", "\u{2028}\u{2029}", "\u{fffd}", "\u{10ffff}", "=",
      "a=b c",
    ]
    let records = texts.map {
      Samples.record(
        .exec(file: $0, arguments: [$0, "", $0], isCut: false), comm: $0,
        container: Container(names: Container.Names(container: $0)))
    }
    let lines = Samples.text(records, .json, options: Samples.withArguments)
    #expect(lines.utf8.filter { $0 == 0x0a }.count == texts.count)
    for text in [lines, Samples.text(records, .logfmt, options: Samples.withArguments)] {
      let all = text.unicodeScalars.filter { $0 != "\n" }
      #expect(all.allSatisfy { $0.properties.generalCategory != .control })
      #expect(!all.contains { (0x202a...0x202e).contains($0.value) })
    }

    let program = """
      import json, sys
      for line in sys.stdin.buffer.read().decode('utf-8', 'strict').split('\\n')[:-1]:
        event = json.loads(line, object_pairs_hook=lambda pairs: pairs if len(dict(pairs)) == len(pairs) else 1 / 0)
        event = dict(event)
        assert event['args'] == [event['comm'], '', event['comm']] and event['file'] == event['container'] == event['comm']
        print(event['comm'].encode('utf-8').hex())
      """
    let read = try Python.run(program, input: lines)
    #expect(
      read.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        == texts.map { $0.utf8.map { String(format: "%02x", $0) }.joined() })
  }
}

/// The real one.
private enum Python {
  static func run(_ program: String, input: String) throws -> String {
    let file = FileManager.default.temporaryDirectory.appending(path: "pidns-events-\(UUID().uuidString)")
    try Data(input.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program]
    process.standardInput = try FileHandle(forReadingFrom: file)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return text
  }
}
