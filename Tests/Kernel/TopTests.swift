// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// `pidns-exporter top`, in a real terminal and for scripts.
  @Suite(.serialized) struct Top {
    static let program = Built.exporter.path()

    /// The words of the first row with a prefix; nil without one.
    static func row(_ name: String, _ lines: [String]) -> [String]? {
      lines.lazy.map { $0.split(separator: " ").map(String.init) }.first { $0.first == name }
    }

    /// The last three columns of a namespace.
    static func gauges(_ truth: Truth) -> [String] {
      [Facts.Kind.processes, .threads, .zombies].map { kind in
        String(Int(truth.facts[kind].values.reduce(0, +)))
      }
    }

    /// Runs top for scripts, and returns the words of each line.
    static func once(_ flags: String...) throws -> [[String]] {
      let (status, stdout, stderr) = try Child.run(
        Self.program, ["top", "--once", "--interval=200ms"] + flags)
      guard status == 0 else { throw TestFailure("top --once: \(stderr)") }
      return stdout.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    }

    static func top(_ exporter: RunningExporter) -> String {
      "\(program) top --interval=200ms --url=http://127.0.0.1:\(exporter.port)/metrics"
    }

    @Test(
      "A container's row has its numbers in the right columns at any terminal size", arguments: [80, 200])
    func screen(columns: Int) throws {
      let exporter = try RunningExporter()
      // A namespace whose init does nothing.
      let name = "idle-\(UInt32.random(in: .min ... .max))"
      let container = try Runc().start(RuncSpecification(.untilStopped()) { _ in "/lxc.payload.\(name)" })
      _ = try container.untilReady()
      // An init, three processes with two threads, one process without a leader, and three zombies.
      let states = try Workload("states", "--count", "3", "--threads", "1")
      let (truths, _) = try states.untilReady()
      let truth = try #require(truths.first)
      // A namespace that works during the whole test.
      let busy = try Workload("background", "--seconds", "60")

      // With room for other containers.
      let terminal = try TerminalScreen(Self.top(exporter), columns: columns, rows: 200)
      let lines = try terminal.wait(until: "the container has rates, and somebody is busy") { lines in
        guard let row = Self.row(name, lines), let first = lines.dropFirst(4).first else { return false }
        let rates = first.split(separator: " ").suffix(6).prefix(2).compactMap { Double($0) }
        // The first rates may include its start.
        return row.suffix(6).first == "0.0" && rates.count == 2 && rates.allSatisfy { $0 > 0 }
          && Self.row(truth.container, lines) != nil
      }
      let row = try #require(Self.row(name, lines))
      #expect(row.suffix(6) == ["0.0", "0.0", "0.0", "1", "1", "0"])
      #expect(lines[0].contains("127.0.0.1:\(exporter.port)"))
      let header = lines[3].split(separator: " ").map(String.init)
      #expect(
        header
          == (columns == 80 ? ["CONTAINER"] : ["CONTAINER", "PIDNS"])
          + ["EXEC/S▼", "EXIT/S", "FAIL/S", "PROCS", "THREADS", "ZOMBIES"])
      // Numbers are aligned to the right; the mark replaces a space.
      let line = try #require(lines.first { $0.hasPrefix(name) })
      #expect(line.count == lines[3].count)
      #expect(columns == 80 || row[1].count == 10)
      let numbers = Self.gauges(truth)
      // The process that made the namespace has a row of the same name, with the host's number.
      #expect(lines.contains { Self.row(truth.container, [$0])?.suffix(3) == numbers[...] }, "\(lines)")

      _ = busy
      _ = try states.finish()
      _ = try container.stopAndFinish()
      // It is no longer shown.
      try terminal.wait(until: "the container is gone") { Self.row(name, $0) == nil }
      try terminal.press("q")
      #expect(exporter.stop() == 0)
    }

    @Test("Keys sort, filter and scroll; the table follows a resize")
    func keys() throws {
      let exporter = try RunningExporter()
      let many = try Workload("states", "--count", "5", "--threads", "1")
      let few = try Workload("hold", "--namespaces", "2", "--execs", "1")
      let most = try #require(try many.untilReady().truths.first)
      let least = try few.untilReady().truths
      #expect(least.count == 2)
      // With room for other namespaces.
      let terminal = try TerminalScreen(Self.top(exporter), columns: 120, rows: 60)
      func order(_ lines: [String]) -> [String] {
        lines.dropFirst(4).compactMap { $0.split(separator: " ").first.map(String.init) }
      }
      let (large, small) = (most.container, few.container.name)
      // The helpers that made the namespaces have rows of the same names.
      func areThere(_ lines: [String]) -> Bool {
        order(lines).count { $0 == small } >= 2 && order(lines).contains(large)
      }

      try terminal.wait(until: "all are there", areThere)
      try terminal.press("z")
      try terminal.wait(until: "the one with zombies is the first") {
        $0[3].contains("ZOMBIES▼") && order($0).first == large
      }
      try terminal.press("z")
      try terminal.wait(until: "it is the last") { $0[3].contains("ZOMBIES▲") && order($0).last == large }

      try terminal.press("/")
      try terminal.type(large)
      try terminal.wait(until: "the others are left out") {
        Set(order($0)) == [large] && $0[2].hasPrefix("filter: \(large)█")
      }
      try terminal.press("Enter")
      try terminal.wait(until: "the filter stays") { Set(order($0)) == [large] && $0[2].contains(" of ") }
      try terminal.press("Escape")
      try terminal.wait(until: "all are there again", areThere)

      try terminal.resize(columns: 60, rows: 6)
      // Two rows, and no column for zombies.
      try terminal.wait(until: "it is small") {
        $0.count(where: { !$0.isEmpty }) == 6 && !$0[3].contains("ZOMBIES")
      }
      try terminal.press("End")
      // The namespace with the most zombies is last.
      let last = try terminal.wait(until: "it is at the end") { order($0).last == large }
      #expect(last.count(where: { !$0.isEmpty }) == 6)
      try terminal.resize(columns: 150, rows: 60)
      try terminal.wait(until: "all are there in the large one") {
        $0[3].contains("ZOMBIES") && areThere($0)
      }
      try terminal.press("?")
      try terminal.wait(until: "there is help") { $0[2].contains("q: quit") }
      try terminal.press("Space")
      try terminal.wait(until: "it is paused") { $0[0].contains("paused") }
      _ = try many.finish()
      _ = try few.finish()
    }

    @Test("The terminal is restored however top ends", arguments: ["q", "C-c", "TERM", "HUP", "C-z"])
    func restores(end: String) throws {
      let exporter = try RunningExporter()
      let terminal = try TerminalScreen("PS1='$ ' bash --norc --noprofile", columns: 100)
      try terminal.type("stty -g; echo before\n")
      let before = try terminal.wait(until: "the shell is there") { $0.contains("before") }
      let modes = try #require(before.first { $0.contains(":") && !$0.contains("stty") })
      let folder = try TemporaryFolder()
      try terminal.type("sh -c 'echo $$ >\(folder["pid"]); exec \(Self.top(exporter))'; echo status $?\n")
      try terminal.wait(until: "the table is there") {
        $0.count > 3 && $0[3].hasPrefix("CONTAINER") && !$0.contains("before")
      }
      switch end {
      case "TERM", "HUP":
        let pid = try #require(
          Int32(try String(contentsOfFile: folder["pid"], encoding: .utf8).trimmingCharacters(in: .newlines)))
        #expect(kill(pid, end == "TERM" ? SIGTERM : SIGHUP) == 0)
      default: try terminal.press(end)
      }
      if end == "C-z" {
        try terminal.wait(until: "it has stopped") {
          $0.contains("before") && $0.contains { $0.contains("Stopped") }
        }
        try terminal.type("clear; stty -g; echo stopped\n")
        try terminal.wait(until: "the shell has its modes") { $0.contains(modes) && $0.contains("stopped") }
        try terminal.type("fg\n")
        try terminal.wait(until: "the table is there again") { $0.count > 3 && $0[3].hasPrefix("CONTAINER") }
        try terminal.press("q")
        try terminal.wait(until: "the shell is there again") { $0.contains("stopped") }
      } else {
        try terminal.wait(until: "the shell is there again") {
          $0.contains("before") && $0.contains("status 0")
        }
      }
      try terminal.type("clear; stty -g; echo after\n")
      try terminal.wait(until: "the modes are those of before") {
        $0.contains(modes) && $0.contains("after")
      }
    }

    @Test("A table for scripts has the same namespaces and counts from an exporter and from the kernel")
    func once() throws {
      let states = try Workload("states", "--count", "4", "--threads", "2")
      let truth = try #require(try states.untilReady().truths.first)
      let exporter = try RunningExporter()
      _ = try exporter.scrape()
      let url = "--url=http://127.0.0.1:\(exporter.port)/metrics"
      let served = try Self.once(url)
      let limited = try Self.once(url, "--limit=1")
      exporter.stop()
      // Nothing listens on the exporter's default port.
      let read = try Self.once("--filter=\(truth.container)")

      #expect(
        served.first == [
          "CONTAINER", "POD", "PIDNS", "EXEC/S", "EXIT/S", "FAIL/S", "PROCS", "THREADS", "ZOMBIES",
        ])
      #expect(limited.count == 2)
      let mine = try #require(served.first { $0.first == truth.container && $0.contains("\(truth.pidns)") })
      #expect(mine.suffix(3) == Self.gauges(truth)[...])
      #expect(mine.suffix(6).prefix(3) == ["0.0", "0.0", "0.0"])
      // Beside the header, at most the helper that made the namespace has the container's name, too.
      #expect(read.dropFirst().allSatisfy { $0.first == truth.container })
      #expect(read.contains(mine))
      _ = try states.finish()
    }

    @Test("With other label levels or without the tasks collector, top shows the available columns")
    func levels() throws {
      let exporter = try RunningExporter("--labels.level=container", "--no-collector.tasks")
      let served = try Self.once("--url=http://127.0.0.1:\(exporter.port)/metrics")
      let row = try #require(served.dropFirst().first)
      #expect(row.suffix(3) == ["-", "-", "-"])
      #expect(Double(row[row.count - 6]) != nil)
    }

    @Test("A stopped exporter is reported, and is found again after its restart")
    func gone() throws {
      let port = try HTTP.freePort()
      func start() throws -> RunningExporter { try RunningExporter("--web.listen-address=127.0.0.1:\(port)") }
      var exporter: RunningExporter? = try start()
      let terminal = try TerminalScreen(
        "\(Self.program) top --interval=200ms --url=http://127.0.0.1:\(port)/metrics", columns: 100)
      func nodeRate(_ lines: [String]) -> Double? {
        lines[1].split(separator: " ").dropFirst().first.flatMap { Double($0) }
      }
      try terminal.wait(until: "there are rates") { nodeRate($0) != nil }
      exporter = nil
      try terminal.wait(until: "the failure is reported") {
        $0[2] == "the exporter refuses the connection; trying again"
      }
      exporter = try start()
      try terminal.wait(until: "it goes on") { $0[2] == "h: help" && nodeRate($0) != nil }
      _ = exporter
    }

    @Test("Keys work while the exporter does not respond")
    func hanging() throws {
      let exporter = try RunningExporter()
      let terminal = try TerminalScreen(Self.top(exporter), columns: 100)
      try terminal.wait(until: "the table is there") {
        $0[3].contains("EXEC/S▼") && $0.contains { $0.hasPrefix("[host]") }
      }
      exporter.child.signal(SIGSTOP)
      try terminal.wait(until: "it waits") { $0[2] == "waiting for a response" }
      try terminal.press("e")
      try terminal.wait(until: "the key is heard") {
        $0[3].contains("EXEC/S▲") && $0[2] == "waiting for a response"
      }
      exporter.child.signal(SIGCONT)
      try terminal.wait(until: "it goes on") { $0[2] == "h: help" }
    }

    @Test("Invalid arguments are reported in one line")
    func errors() throws {
      func line(_ flags: String..., status: Int32) throws -> String {
        let result = try Child.run(Self.program, ["top"] + flags)
        #expect(result.status == status && result.stdout.isEmpty)
        let lines = result.stderr.split(separator: "\n")
        #expect(lines.count == 1, "\(result.stderr)")
        return lines.first.map(String.init) ?? ""
      }
      let port = try HTTP.freePort()
      #expect(
        try line("--once", "--url=http://127.0.0.1:\(port)/metrics", status: 1)
          == "pidns-exporter: http://127.0.0.1:\(port)/metrics refuses the connection; give the URL of an exporter's metrics with --url"
      )
      let exporter = try RunningExporter()
      let page = try line("--once", "--url=http://127.0.0.1:\(exporter.port)/", status: 1)
      #expect(page.contains("does not serve metrics: line 1 of it is not a Prometheus sample"))
      #expect(
        try line("--once", "--url=http://127.0.0.1:\(exporter.port)/none", status: 1).contains("responds 404")
      )
      #expect(
        try line(status: 2)
          == "pidns-exporter: top needs a terminal for its screen: run it in one, or give --once to print the table; see pidns-exporter top --help"
      )
      for (flags, names) in [
        (["--url=ftp://host"], "--url"), (["--once", "--url=http://127.0.0.1:65536/"], "--url"),
        (["--once", "--url=http://"], "--url"), (["--once", "--url=http://[::1"], "--url"),
        (["--once", "--url=http://user:secret@host/"], "--url"),
        (["--once", "--url=http://host:0/"], "--url"), (["--interval=1ms"], "100ms"),
        (["--limit=1"], "--once"),
        (["--once", "--limit=0"], "--limit"), (["--sort=size"], "sort"), (["--once", "surplus"], "surplus"),
      ] {
        let result = try Child.run(Self.program, ["top"] + flags)
        #expect(result.status == 2)
        #expect(result.stderr.contains(names) && result.stderr.hasSuffix("; see pidns-exporter top --help\n"))
      }
      let full = try Child.run(
        "/bin/sh",
        [
          "-c",
          "exec \(Self.program) top --once --interval=100ms --url=http://127.0.0.1:\(exporter.port)/metrics >/dev/full",
        ])
      #expect(
        full.status == 1
          && full.stderr == "pidns-exporter: cannot write the table to stdout: check its pipe, file or disk\n"
      )
      let unprivileged = try Child.run(
        "/usr/bin/setpriv",
        [
          "--bounding-set", "-all", "--inh-caps", "-all", "--reuid", "65534", "--regid", "65534",
          "--clear-groups", Self.program, "top", "--once",
        ])
      #expect(unprivileged.status == 1)
      #expect(
        unprivileged.stderr.hasPrefix(
          "pidns-exporter: no exporter listens at http://localhost:10059/metrics, and the kernel cannot be read: CAP_BPF and CAP_PERFMON missing"
        ))
    }
  }
}
