// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Exemplars: the latest process of each counter.
  @Suite(.serialized) struct Exemplars {
    /// A line of processes.py.
    private struct Line: Decodable {
      let pidns: UInt32?
      let ready: Bool?
      let kind: String?
      let pid: Int?
      let host_pid: Int?
      let ppid: Int?
      let time: Double?
    }

    /// The processes of processes.py until it is ready.
    private struct Truth {
      var pidns: UInt32 = 0
      var container = ""
      /// The last process of each kind.
      var last: [String: Line] = [:]
      /// The time at which it was ready.
      var end = 0.0
    }

    private func start(_ container: TestContainer, _ arguments: String...) throws -> Child {
      let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "processes.py")
      return try container.start(
        "/usr/bin/unshare",
        ["--pid", "--fork", "--kill-child", "/usr/bin/python3", script.path()] + arguments)
    }

    private func untilReady(_ child: Child, in container: TestContainer) throws -> Truth {
      var truth = Truth()
      truth.container = container.name
      while let text = child.line() {
        let line = try JSONDecoder().decode(Line.self, from: Data(text.utf8))
        if let pidns = line.pidns { truth.pidns = pidns }
        if let kind = line.kind { truth.last[kind] = line }
        if line.ready == true {
          truth.end = line.time ?? 0
          return truth
        }
      }
      throw TestFailure("never ready: \(child.stderr)")
    }

    private func hex(_ bytes: [UInt8]) -> String {
      bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The expected exemplar, by the key of `OpenMetricsPage`.
    private static let keys = [
      "pidns_process_execs_total ": "execs", "pidns_process_exits_total completed": "completed",
      "pidns_process_exits_total error": "error", "pidns_process_exits_total signaled": "SIGKILL",
      "pidns_process_signal_deaths_total SIGSEGV": "SIGSEGV",
      "pidns_process_signal_deaths_total SIGKILL": "SIGKILL",
    ]

    @Test(
      "Each exemplar is the latest process of its kind, with any name, and has its time",
      arguments: [
        (Array("worker".utf8), "worker"),
        (Array("a\"b\\c\n}\" # {x".utf8), "a\u{fffd}b\\c\n\u{fffd}\u{fffd} # {x"),
        (Array("sixteen bytes are too many".utf8), "sixteen bytes a"),
        ([0xff, 0xc3, 0x28], "\u{fffd}\u{fffd}("),
        (Array("🐧🐧🐧".utf8), "🐧🐧🐧"),
        (Array(repeating: 0xff, count: 15), String(repeating: "\u{fffd}", count: 15)),
        ([1, 27, 91, 13, 9, 127], "\u{1}\u{1b}[\r\t\u{7f}"),
      ] as [([UInt8], String)])
    func last(name: [UInt8], comm: String) throws {
      let exporter = try RunningExporter()
      let container = try TestContainer()
      let child = try start(container, "kinds", "5", hex(name))
      let truth = try untilReady(child, in: container)
      _ = try exporter.scrape()
      let shown = try OpenMetricsPage(of: exporter).exemplars(of: truth.container, in: truth.pidns)
      #expect(Set(shown.keys) == Set(Self.keys.keys))
      for (key, kind) in Self.keys {
        let process = try #require(truth.last[kind])
        let exemplar = try #require(shown[key])
        #expect(
          exemplar.labels == [
            "pid": "\(process.pid ?? 0)", "host_pid": "\(process.host_pid ?? 0)",
            "ppid": "\(process.ppid ?? 0)", "comm": comm,
          ], "\(key)")
        #expect(process.ppid == 2 && process.pid != process.host_pid)
        #expect(exemplar.value == 1)
        // A process exits after it has reported; the clocks are read one after another, and that of execs once per tick.
        let tolerance = kind == "execs" ? 0.011 : 0.001
        #expect(exemplar.time >= (process.time ?? .infinity) - tolerance, "\(key)")
        #expect(exemplar.time <= truth.end + tolerance, "\(key)")
      }
      #expect(!(try exporter.get("/metrics").body.contains("# {")))

      child.closeInput()
      #expect(child.wait() == 0, "\(child.stderr)")
      // The exit of the init counts, too: its parent is outside.
      _ = try exporter.scrape()
      let after = try OpenMetricsPage(of: exporter).exemplars(of: truth.container, in: truth.pidns)
      let key = "pidns_process_exits_total completed"
      #expect(after[key]?.labels["pid"] == "1" && after[key]?.labels["ppid"] == "0")
      #expect(after[key]?.labels["comm"] == "python3")
      for (key, exemplar) in shown where key != "pidns_process_exits_total completed" {
        #expect(after[key]?.labels == exemplar.labels && after[key]?.time == exemplar.time, "\(key)")
      }
    }

    @Test(
      "Under load on all CPUs, no exemplar mixes the fields of two processes",
      arguments: [[], ["--bpf.count-in-attempts"]])
    func storm(flags: [String]) throws {
      let exporter = try RunningExporter(["--poll.interval=10ms"] + flags)
      let container = try TestContainer()
      let child = try start(container, "storm", "1500")
      let line = try #require(child.line())
      let pidns = try #require(try JSONDecoder().decode(Line.self, from: Data(line.utf8)).pidns)
      let ready = Ready(child)
      var seen: [String: Set<String>] = [:]
      repeat {
        for line in try OpenMetricsPage.text(of: exporter).split(separator: "\n") {
          guard line.contains("{pidns=\"\(pidns)\""), line.contains("container=\"\(container.name)\""),
            let match = line.firstMatch(
              of: /^(\w+)\{.*\} \d+ # \{pid="(\d+)",host_pid="(\d+)",ppid="(\d+)",comm="([^"]*)"\} 1 [0-9.]+$/
            )
          else { continue }
          let numbers = [match.2, match.4, match.3].map { String(Int($0) ?? 0, radix: 16) }
          if match.5 != "python3" { #expect(match.5 == numbers.joined(separator: "."), "\(line)") }
          seen[String(match.1), default: []].insert(String(match.2))
        }
      } while !ready.isSo
      // How many scrapes there were depends on the machine.
      for name in ["execs", "exits", "signal_deaths"] {
        #expect(seen["pidns_process_\(name)_total"]?.count ?? 0 > 1, "\(name)")
      }
      child.closeInput()
      #expect(child.wait() == 0, "\(child.stderr)")
    }

    /// Waits for a line on its own thread.
    private final class Ready: @unchecked Sendable {
      private let lock = NSLock()
      private var isReady = false

      init(_ child: Child) {
        let child = Held(child: child)
        Thread {
          _ = child.child.line()
          self.lock.withLock { self.isReady = true }
        }.start()
      }

      var isSo: Bool { lock.withLock { isReady } }

      private struct Held: @unchecked Sendable {
        let child: Child
      }
    }

    @Test("The exemplar of an OOM kill is the process that the last event names")
    func oomKill() throws {
      let exporter = try RunningExporter()
      let events = try RunningEvents("--oom")
      let truth = try Workload.run("oom", "--count", "3")[0]
      let killed = try events.finish().last {
        $0.event == "oom_kill" && $0.texts["container"] == truth.container
      }
      _ = try exporter.scrape()
      let shown = try OpenMetricsPage(of: exporter).exemplars(of: truth.container, in: truth.pidns)
      let exemplar = try #require(shown["pidns_oom_kills_total "])
      for name in ["pid", "host_pid", "ppid"] {
        #expect(exemplar.labels[name] == killed?.numbers[name].map(String.init), "\(name)")
      }
      #expect(exemplar.labels["comm"] == killed?.texts["comm"])
    }

    /// Prometheus 2.42 stores exemplar label values with their escapes.
    private func unescaped(_ labels: [String: String]) -> [String: String] {
      labels.mapValues {
        $0.replacing(#/\\(.)/#) { match in match.1 == "n" ? "\n" : String(match.1) }
      }
    }

    @Test("Prometheus stores each exemplar unchanged, with its series")
    func prometheus() throws {
      let exporter = try RunningExporter()
      let prometheus = try RunningPrometheus(scraping: exporter)
      let container = try TestContainer()
      let child = try start(container, "kinds", "3", hex(Array("a\"b\n🐧".utf8)))
      let truth = try untilReady(child, in: container)
      _ = try exporter.scrape()
      let shown = try OpenMetricsPage(of: exporter).samples.filter {
        $0.labels["container"] == truth.container && $0.labels["pidns"] == "\(truth.pidns)"
          && $0.exemplar != nil
      }
      #expect(shown.count == Self.keys.count)
      let selector = #"{__name__=~"pidns_.*_total",container="\#(truth.container)"}"#
      try eventually("Prometheus has stored the last exemplars") {
        let stored = try prometheus.exemplars(selector)
        return shown.allSatisfy { sample in
          stored.contains { exemplar in
            exemplar.series["__name__"] == sample.name
              && sample.labels.allSatisfy { $0.value.isEmpty || exemplar.series[$0.key] == $0.value }
              && unescaped(exemplar.labels) == sample.exemplar?.labels && exemplar.value == 1
              // With the rounding of Prometheus.
              && Int(exemplar.time * 1000) == Int((sample.exemplar?.time ?? 0) * 1000)
          }
        }
      }
      #expect(prometheus.warnings == [])
      child.closeInput()
      #expect(child.wait() == 0, "\(child.stderr)")
    }
  }
}
