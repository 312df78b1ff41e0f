// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LiveView
@testable import Top

@Suite struct ExpositionParserTests {
  static func parse(_ text: String) throws -> Sample { try ExpositionParser.parse(Array(text.utf8)) }

  @Test("Series for the table are read; others are skipped")
  func reads() throws {
    let sample = try Self.parse(
      """
      # HELP pidns_process_execs_total Successful execve/execveat calls.
      # TYPE pidns_process_execs_total counter
      pidns_process_execs_total{pidns="7",namespace="shop",pod="web-1",container="web"} 12
      pidns_process_exits_total{pidns="7",namespace="shop",pod="web-1",container="web",reason="completed"} 5
      pidns_process_exits_total{pidns="7",namespace="shop",pod="web-1",container="web",reason="error"} 2
      pidns_process_exits_total{pidns="7",namespace="shop",pod="web-1",container="web",reason="signaled"} 1
      pidns_process_exits_total{pidns="7",namespace="shop",pod="web-1",container="web",reason="teardown"} 4
      pidns_process_lifetime_seconds_bucket{pidns="7",le="1.0"} 3 # {pid="1"} 0.5
      pidns_processes{pidns="7",namespace="shop",pod="web-1",container="web"} 3
      pidns_threads{pidns="7",namespace="shop",pod="web-1",container="web"} 9
      pidns_zombie_processes{pidns="7",namespace="shop",pod="web-1",container="web"} 1
      pidns_info{pidns="7",namespace="shop",pod="web-1",container="web",level="1",init_comm="nginx"} 1
      pidns_start_time_seconds{pidns="7",namespace="shop",pod="web-1",container="web"} 1.5e9
      pidns_namespaces{state="live"} 2
      pidns_namespaces{state="retained"} 1
      pidns_node_process_execs_total 100
      pidns_node_process_exits_total{reason="error"} 30
      pidns_node_process_exits_total{reason="completed"} 40
      pidns_up 1
      pidns_last_poll_timestamp_seconds 1700000000.25
      process_start_time_seconds 1.6e9

      """)
    let web = Sample.Identity(pidns: "7", namespace: "shop", pod: "web-1", container: "web")
    #expect(Array(sample.namespaces.keys) == [web])
    let entry = try #require(sample.namespaces[web])
    #expect(entry.events == Sample.Events(execs: 12, exits: 12, failures: 3))
    #expect([entry.processes, entry.threads, entry.zombies, entry.start] == [3, 9, 1, 1.5e9])
    #expect(entry.initComm == "nginx" && !entry.isHost && entry.end == nil)
    #expect(sample.node == Sample.Events(execs: 100, exits: 70, failures: 30))
    #expect(
      [sample.live, sample.retained, sample.time, sample.exporterStart] == [
        2, 1, 1_700_000_000.25, 1.6e9,
      ])
    #expect(sample.isUp)
  }

  @Test("Escapes, blanks, timestamps, commas and line ends follow the format")
  func leniency() throws {
    let sample = try Self.parse(
      "pidns_up 0\r\n\r\npidns_processes { container = \"a\\\\b\\\"c\\nd}\" , pidns=\"1\", } \t4 1700000000000\r\n"
    )
    let identity = Sample.Identity(pidns: "1", container: "a\\b\"c\nd}")
    #expect(sample.namespaces[identity]?.processes == 4)
    #expect(!sample.isUp)
  }

  @Test("Invalid UTF-8 is repaired")
  func repaired() throws {
    let bytes = Array("pidns_processes{container=\"a".utf8) + [0xff] + Array("\"} 1".utf8)
    let sample = try ExpositionParser.parse(bytes)
    #expect(sample.namespaces.keys.first?.container == "a\u{fffd}")
  }

  @Test("Without the tasks collector there are no gauges")
  func noTasks() throws {
    let sample = try Self.parse(#"pidns_process_execs_total{pidns="7"} 1"#)
    #expect(sample.namespaces.values.first?.processes == nil)
  }

  @Test(
    "The error for a malformed page names the line",
    arguments: [
      "<!doctype html>", "{\"a\":1}", "pidns_up", "pidns_up ", "pidns_up one", "pidns_up NaN",
      "pidns_up +Inf",
      "pidns_up -1", "pidns_processes{", "pidns_processes{pidns", "pidns_processes{pidns=\"",
      "pidns_processes{pidns=\"1",
      "pidns_processes{pidns=\"1\"", "pidns_processes{pidns=\"1\\x\"} 1", "pidns_processes{pidns=\"1\\",
      "pidns_processes{=\"1\"} 1", "pidns_processes{pidns=1} 1", "pidns_processes{pidns=\"1\"}",
      "pidns_up\u{0} 1",
      "pidns_processes{pidns=\"" + String(repeating: "x", count: 70_000) + "\"} 1",
      "pidns_up " + String(repeating: "1", count: 40),
    ])
  func malformed(line: String) {
    #expect(throws: ExpositionError("line 2 of it is not a Prometheus sample")) {
      try Self.parse("pidns_up 1\n\(line)\n")
    }
  }

  @Test(
    "The exposition of another program is reported as such",
    arguments: ["", "# EOF\n", "up 1\nprocess_start_time_seconds 1\n"])
  func foreign(text: String) {
    #expect(throws: ExpositionError("it contains no series of pidns-exporter")) { try Self.parse(text) }
  }

  @Test("A page with too many label sets is rejected")
  func bounded() throws {
    let limit = ExpositionParser.namespaceLimit
    let lines = (0...limit).map { "pidns_processes{pidns=\"\($0)\"} 1" }
    #expect(try Self.parse(lines.dropLast().joined(separator: "\n")).namespaces.count == limit)
    #expect(throws: ExpositionError.self) { try Self.parse(lines.joined(separator: "\n")) }
  }
}
