// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Counting continues while no exporter runs.
  @Suite(.serialized) struct Pins {
    /// No series ends in a long run. Those of other programs on the machine are left out: thousands would make pages large.
    private static let flags =
      Accuracy.flags + ["--namespaces.retention=1d", "--namespaces.include=container=test-.*"]
    /// How often the exporter is killed: `make test-restarts` asks for more.
    private static let kills = ProcessInfo.processInfo.environment["PIDNS_KILLS"].flatMap { Int($0) } ?? 10

    /// Seconds, and the limit of a scrape, too: after 200 kills, a page has 80,000 lines. Prometheus does not store a page that came
    /// too late, and so would miss that a line was at 0.
    private let scrapeInterval = 5

    /// Run while no exporter does, in turn. Together with the loads, they have events of every kind.
    private static let cases = [
      ["signals"], ["exit-codes"], ["exec-failure", "--count", "60"], ["core-dump", "--count", "2"], ["oom"],
      ["init-exits", "--count", "10", "--threads", "2"],
    ]

    private static let upgrades =
      ProcessInfo.processInfo.environment["PIDNS_UPGRADES"].flatMap { Int($0) } ?? 3
    /// An exporter of another version: upgrades then alternate between the two, else between layouts of one version.
    private static let other =
      ProcessInfo.processInfo.environment["PIDNS_OTHER"].flatMap { $0.isEmpty ? nil : $0 }

    @Test("An exporter that is killed again and again under load counts every event once")
    func killed() throws {
      let fixture = try PinFixture()
      var exporter = try fixture.start(arguments: Self.flags)
      let prometheus = try RunningPrometheus(ScrapeConfiguration(interval: scrapeInterval))
      try prometheus.scrape([("127.0.0.1:\(fixture.port)", [:])])
      try eventually("Prometheus scrapes") { try prometheus.latest("up").first?.value == 1 }

      // Namespaces for all the time, others that come and go meanwhile, and spawns as fast as possible.
      let long = try Workload("hold", "--namespaces", "2", "--execs", "200")
      _ = try long.untilReady()
      var short: [Truth] = []
      var time = Duration.zero
      for kill in 0..<Self.kills {
        let start = ContinuousClock.now
        let load = [
          try Workload("background", "--seconds", "2"),
          try Workload("churn", "--namespaces", "20", "--execs", "20"),
        ]
        long.go()
        // At any moment: while it starts to poll, reads, writes the state or deletes.
        usleep(.random(in: 0..<400_000))
        exporter.kill()
        short += try Workload(Self.cases[kill % Self.cases.count]).finish()
        exporter = try fixture.start(arguments: Self.flags)
        short += try load.flatMap { try $0.finish() }
        _ = try long.untilReady()
        time += .now - start
      }
      let execs = short.reduce(0) { $0 + $1.counts.execs } + Self.kills * 400
      print("\(Self.kills) kills, \(execs) execs, \(Int(Double(execs) / (time / .seconds(1)))) a second")
      let truths = try long.finish() + short
      let scrape = try exporter.scrape()
      let mayLack: Set<Facts.Kind> =
        try scrape[#"pidns_bpf_program_attached{program="execve_failed"}"#] == 1 ? [] : [.execFailures]
      try expectCounted(truths, in: scrape, and: prometheus, mayLack: mayLack)
      #expect(scrape.dropped == 0)
      #expect(exporter.stop() == 0)
    }

    @Test(
      "Programs of another layout replace those that are pinned, under load, and every event is counted once",
      arguments: [[], ["--bpf.exit-detection=claimed"], ["--bpf.count-in-attempts"]])
    func upgraded(detection: [String]) throws {
      let fixture = try PinFixture()
      func start(upgrade: Int) throws -> PinnedExporter {
        if let other = Self.other {
          let program = upgrade.isMultiple(of: 2) ? Built.exporter.path() : other
          return try fixture.start(program: program, arguments: Self.flags + detection)
        }
        // Another size of the maps is another layout.
        return try fixture.start(arguments: Self.flags + detection + ["--bpf.map-entries=\(5000 + upgrade)"])
      }
      var exporter = try start(upgrade: 0)
      let prometheus = try RunningPrometheus(ScrapeConfiguration(interval: scrapeInterval))
      try prometheus.scrape([("127.0.0.1:\(fixture.port)", [:])])
      try eventually("Prometheus scrapes") { try prometheus.latest("up").first?.value == 1 }
      let long = try Workload("hold", "--namespaces", "2", "--execs", "50")
      _ = try long.untilReady()
      let node = try exporter.scrape().node
      var short: [Truth] = []
      for upgrade in 1...Self.upgrades {
        let load = [
          try Workload("background", "--seconds", "3"),
          try Workload("threads-barrier", "--count", "2000", "--threads", "2"),
          try Workload("churn", "--namespaces", "20", "--execs", "10"),
        ]
        long.go()
        if upgrade.isMultiple(of: 2) { exporter.kill() } else { #expect(exporter.stop() == 0) }
        short += try Workload.run("signals")
        exporter = try start(upgrade: upgrade)
        short += try load.flatMap { try $0.finish() }
        _ = try long.untilReady()
      }
      let between = Self.other.map { "this program and \($0)" } ?? "layouts of this program"
      print("\(Self.upgrades) upgrades between \(between)")
      let truths = try long.finish() + short
      let scrape = try exporter.scrape()
      try expectCounted(truths, in: scrape, and: prometheus, mayLack: [.execFailures])
      #expect(scrape.dropped == 0)
      #expect(try scrape[#"pidns_handovers_total{result="complete"}"#] == Double(Self.upgrades))
      #expect(try scrape[#"pidns_handovers_total{result="incomplete"}"#] == 0)
      // The node's totals go on, too.
      let counted = short.reduce(0) { $0 + $1.counts.forks }
      #expect(try scrape.node.forks - node.forks >= counted)
      // Only the last layout is pinned.
      _ = try fixture.layout()
    }

    @Test("A service whose cgroup is removed after a change of the layout ends")
    func carriedParts() throws {
      let fixture = try PinFixture()
      let exporter = try fixture.start(arguments: ["--bpf.map-entries=5000", "--namespaces.retention=1s"])
      let cgroup = try TestCgroup("/system.slice/pidns-test-\(getpid()).service")
      let child = try cgroup.start(["/bin/sh", "-c", "/bin/true; /bin/true"])
      child.wait()
      let name = "pidns-test-\(getpid()).service"
      func isShown(_ exporter: PinnedExporter) throws -> Bool {
        try exporter.scrape().samples.keys.contains { $0.contains(name) }
      }
      try eventually("the unit is shown") { try isShown(exporter) }
      #expect(exporter.stop() == 0)
      let next = try fixture.start(arguments: ["--bpf.map-entries=5001", "--namespaces.retention=1s"])
      #expect(try isShown(next))
      cgroup.remove()
      try eventually("the unit has ended") { try !isShown(next) }
    }

    @Test("Without a split by cgroup, the series of services that were counted before end")
    func splitTurnedOff() throws {
      let fixture = try PinFixture()
      let flags = ["--namespaces.retention=1s"]
      let exporter = try fixture.start(arguments: flags)
      let cgroup = try TestCgroup("/system.slice/pidns-test-\(getpid()).service")
      try cgroup.start(["/bin/sh", "-c", "/bin/true; /bin/true"]).wait()
      func isShown(_ exporter: PinnedExporter) throws -> Bool {
        try exporter.scrape().samples.keys.contains { $0.contains("pidns-test-\(getpid()).service") }
      }
      try eventually("the unit is shown") { try isShown(exporter) }
      #expect(exporter.stop() == 0)
      let next = try fixture.start(arguments: flags + ["--cgroups.split=none"])
      try eventually("the unit has ended") { try !isShown(next) }
      #expect(next.stop() == 0)
      cgroup.remove()
    }

    @Test("A layout with room for fewer cgroups takes over, and no count is lost")
    func fewerCgroups() throws {
      let fixture = try PinFixture()
      func start(maximum: Int) throws -> PinnedExporter {
        try fixture.start(
          arguments: ["--bpf.map-entries=5000", "--cgroups.max=\(maximum)"])
      }
      let exporter = try start(maximum: 1000)
      let prefix = "pidns-test-\(getpid())-"
      let cgroups = try (0..<40).map { try TestCgroup("/system.slice/\(prefix)\($0).service") }
      for cgroup in cgroups { try cgroup.start(["/bin/sh", "-c", "/bin/true"]).wait() }
      func execs(_ exporter: PinnedExporter) throws -> [Double] {
        try exporter.scrape().samples
          .filter { $0.key.hasPrefix("pidns_process_execs_total{") && $0.key.contains(prefix) }.map(\.value)
      }
      let counted = [Double](repeating: 2, count: cgroups.count)
      try eventually("all units are shown") { try execs(exporter) == counted }
      exporter.kill()
      let next = try start(maximum: 16)
      #expect(try execs(next) == counted)
      for cgroup in cgroups { cgroup.remove() }
    }

    /// Every counter of the namespaces is exact, and so is its rise in a Prometheus. No counter of events has gone down there.
    private func expectCounted(
      _ truths: [Truth], in scrape: Scrape, and prometheus: RunningPrometheus, mayLack: Set<Facts.Kind>
    ) throws {
      // One that may have begun before the last poll, a new series at 0, one that was delayed, and the value.
      try prometheus.waitForScrapes(4)
      let rises = try prometheus.rises()
      var compared: [Facts.Kind: Double] = [:]
      for (names, truths) in Dictionary(grouping: truths, by: \.names) {
        var truth = truths.map(\.facts).reduce(Facts(), +)
        // Each exit has a lifetime.
        truth.values[Facts.Quantity(.lifetimes, "count")] = truth.values[Facts.Quantity(.exits)]
        for kind in Set(Facts.Kind.allCases).subtracting(mayLack) {
          compared[kind, default: 0] += truth.values[Facts.Quantity(kind)] ?? 0
        }
        for (counted, place) in [(scrape.facts(names), "the page"), (rises[names] ?? Facts(), "Prometheus")] {
          #expect(
            Comparison(truth: truth, counted: counted).words(mayLack: mayLack) == [], "\(names) in \(place)")
        }
      }
      let events = compared.filter { $0.value > 0 }.sorted { $0.key < $1.key }
      print("compared: " + events.map { "\(Int($0.value)) \($0.key.rawValue)" }.joined(separator: ", "))
      let counters =
        "pidns_(node_)?(process|thread|oom)_.+|pidns_(namespace|unit)_starts_total|pidns_bpf_(events|details)_dropped_total"
      let names = try prometheus.latest("count by (__name__) ({__name__=~\"\(counters)\"})").compactMap {
        $0.labels["__name__"]
      }
      #expect(names.count >= 20, "\(names)")
      for name in names {
        let resets = try prometheus.latest("resets(\(name)[1d]) > 0")
        #expect(resets.isEmpty, "\(name): \(resets)")
      }
    }

    @Test("The series of a namespace that ended, and what a scraper has seen, outlive the exporter")
    func ledger() throws {
      let fixture = try PinFixture()
      var exporter = try fixture.start()
      _ = try exporter.scrapeAsPrometheus()
      let ended = try #require(try Workload.run("spawn", "--count", "30").first)
      try eventually("the namespace is shown") { try exporter.scrape().counts(ended.names).execs == 30 }
      #expect(try exporter.scrapeAsPrometheus().counts(ended.names).execs == 0)
      #expect(exporter.stop() == 0)
      let during = try #require(try Workload.run("spawn", "--count", "20").first)

      exporter = try fixture.start()
      #expect(exporter.child.stderr.contains("state read; series continue"))
      let page = try exporter.scrapeAsPrometheus()
      #expect(try page.counts(ended.names).execs == 30)
      // What is new since its last scrape begins at 0.
      #expect(try page.counts(during.names).execs == 0)
      exporter.kill()
      exporter = try fixture.start()
      let after = try exporter.scrapeAsPrometheus()
      #expect(try after.counts(ended.names).execs == 30)
      // At 0 again, if it was killed before it could save what the scraper has seen.
      #expect([0, 20].contains(try after.counts(during.names).execs))
      try eventually("the value follows") {
        try exporter.scrapeAsPrometheus().counts(during.names).execs == 20
      }
    }

    @Test("A second exporter with the same folder stops with one line, and so does unpin")
    func locked() throws {
      let fixture = try PinFixture()
      let exporter = try fixture.start()
      for arguments in [fixture.flags + ["--web.listen-address=127.0.0.1:0"], ["unpin", fixture.pins]] {
        #expect(
          try PinFixture.failure(arguments)
            == "pidns-exporter: another process uses \(fixture.pins), the folder of --bpf.pin; stop that one first, or use another folder"
        )
      }
      // Before any program is loaded.
      let others = "\(fixture.pins)_2"
      #expect(
        try PinFixture.failure([
          "--bpf.pin=\(others)", "--state.file=\(fixture.state)", "--web.listen-address=127.0.0.1:0",
        ])
          == "pidns-exporter: --state.file: another process uses \(fixture.state); stop that one first, or give this one another file"
      )
      #expect(try FileManager.default.contentsOfDirectory(atPath: others).isEmpty)
      exporter.kill()
      #expect(try fixture.start().stop() == 0)
    }

    @Test("unpin detaches the programs and removes the folder")
    func unpinned() throws {
      let fixture = try PinFixture()
      let exporter = try fixture.start()
      let held = try HeldObjects(by: exporter.child.pid).programs
      #expect(exporter.stop() == 0)
      let pinned = held.intersection(try Lifecycle.programs())
      #expect(pinned.count >= 4)
      #expect(try Child.run(Built.exporter.path(), ["unpin", fixture.pins]).status == 0)
      #expect(!FileManager.default.fileExists(atPath: fixture.pins))
      try eventually("nothing is left") { try Lifecycle.programs().isDisjoint(with: pinned) }
      #expect(
        try PinFixture.failure(["unpin", fixture.pins]).contains(
          "cannot be opened: No such file or directory"))
    }

    @Test("unpin removes nothing that the exporter has not pinned")
    func foreign() throws {
      let fixture = try PinFixture()
      let other = fixture.folder["bpf/other"]
      try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
      #expect(unsafe chmod(other, 0o700) == 0)
      try PinFixture.bpftool(
        "map", "create", "\(other)/map", "type", "array", "key", "4", "value", "4", "entries", "1", "name",
        "x")
      #expect(try PinFixture.failure(["unpin", other]).contains("/map is not of pidns-exporter"))
      #expect(FileManager.default.fileExists(atPath: "\(other)/map"))
    }

    @Test("A folder outside of a BPF file system is refused, and one where none can be made")
    func noFileSystem() throws {
      let fixture = try PinFixture()
      let outside = fixture.folder["pins"]
      let flags = ["--state.file=\(fixture.state)", "--web.listen-address=127.0.0.1:0"]
      #expect(
        try PinFixture.failure(["--bpf.pin=\(outside)"] + flags).contains(
          "\(outside) is not in a BPF file system; mount one"))
      #expect(
        try PinFixture.failure(["--bpf.pin=/nowhere/pidns"] + flags).contains(
          "cannot make the folder /nowhere/pidns"))
    }

    @Test(
      "A state that is damaged or of another version is renamed and reported, and counts go on",
      arguments: [true, false])
    func brokenState(isOlder: Bool) throws {
      let fixture = try PinFixture()
      var exporter = try fixture.start()
      let live = try Workload("hold", "--namespaces", "1", "--execs", "10")
      let truth = try #require(try live.untilReady().truths.first)
      #expect(try exporter.scrape().counts(truth.names) == truth.counts)
      #expect(exporter.stop() == 0)
      var bytes = [UInt8](try Data(contentsOf: URL(filePath: fixture.state)))
      if isOlder {
        let script =
          "import sys; d=bytearray(open(sys.argv[1],'rb').read()); d[7]=0; h=0xcbf29ce484222325\nfor b in bytes([0])+d[24:]: h=((h^b)*0x100000001b3)&(2**64-1)\nd[16:24]=h.to_bytes(8,'little'); open(sys.argv[1],'wb').write(d)"
        #expect(try Child.run("/usr/bin/python3", ["-c", script, fixture.state]).status == 0)
      } else {
        bytes[bytes.count / 2] ^= 1
        try Data(bytes).write(to: URL(filePath: fixture.state))
      }
      exporter = try fixture.start()
      #expect(exporter.child.stderr.contains(isOlder ? "the file has version 0" : "the file is damaged"))
      #expect(FileManager.default.fileExists(atPath: fixture.state + ".broken"))
      #expect(try exporter.scrape().counts(truth.names) == truth.counts)
      #expect(FileManager.default.fileExists(atPath: fixture.state))
      _ = try live.finish()
    }

    @Test("A state in a folder that others can write in is refused")
    func hostileState() throws {
      let fixture = try PinFixture()
      let open = try fixture.folder.makeFolder("open")
      #expect(unsafe chmod(open, 0o777) == 0)
      let line = try PinFixture.failure([
        "--bpf.pin=\(fixture.pins)", "--state.file=\(open)/state", "--web.listen-address=127.0.0.1:0",
      ])
      #expect(line.contains("--state.file: the folder of \(open)/state can be written by others"))
    }
  }
}
