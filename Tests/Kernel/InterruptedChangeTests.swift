// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// What an exporter finds that one before it has left behind: one that was killed, or that could not write its state.
  @Suite(.serialized) struct InterruptedChanges {
    /// A file system for the state that can be filled.
    private final class SmallDisk {
      let state: String
      private let folder: String

      init(in fixture: PinFixture) throws {
        folder = try fixture.folder.makeFolder("disk")
        guard unsafe mount("tmpfs", folder, "tmpfs", 0, "mode=0700,size=16m") == 0 else {
          throw TestFailure("cannot mount a tmpfs: \(errno)")
        }
        state = "\(folder)/state"
      }

      func fill() throws {
        let (status, _, stderr) = try Child.run("/bin/sh", ["-c", "cat /dev/zero >'\(folder)/rest'"])
        #expect(status != 0 && stderr.contains("No space left"))
      }

      func empty() { #expect(unsafe unlink("\(folder)/rest") == 0) }

      deinit { unsafe umount2(folder, Int32(MNT_DETACH)) }
    }

    private static let flags =
      Accuracy.flags + ["--namespaces.retention=1d", "--namespaces.include=container=test-.*"]

    private func bpftool(_ arguments: String) throws -> String {
      let result = try Child.run("/bin/sh", ["-c", "PATH=$PATH:/usr/sbin; bpftool \(arguments)"])
      guard result.status == 0 else {
        throw TestFailure("bpftool \(arguments): \(result.stderr)\(result.stdout)")
      }
      return result.stdout
    }

    @Test(
      "A change to another layout that could not be saved is undone by the earlier version, which counts each event once"
    )
    func undone() throws {
      let fixture = try PinFixture()
      let disk = try SmallDisk(in: fixture)
      func start(_ entries: Int) throws -> PinnedExporter {
        try fixture.start(
          arguments: Self.flags + ["--state.file=\(disk.state)", "--bpf.map-entries=\(entries)"])
      }
      let first = try start(5000)
      let load = try Workload("hold", "--namespaces", "2", "--execs", "50")
      _ = try load.untilReady()
      first.kill()
      try disk.fill()
      let second = try start(5001)
      #expect(second.child.stderr.contains("state not written; pins of another layout stay"))
      load.go()
      _ = try load.untilReady()
      second.kill()
      disk.empty()
      let third = try start(5000)
      load.go()
      _ = try load.untilReady()
      let truths = try load.finish()
      let scrape = try third.scrape()
      for truth in truths {
        let comparison = Comparison(truth: truth.facts, counted: scrape.facts(truth.names))
        #expect(comparison.words(mayLack: [.execFailures]) == [], "\(truth.names)")
      }
      #expect(try scrape[#"pidns_handovers_total{result="complete"}"#] == 2)
      #expect(try scrape[#"pidns_handovers_total{result="incomplete"}"#] == 0)
      _ = try fixture.layout()
      #expect(third.stop() == 0)
    }

    @Test("A layout that was absorbed and removed by half is removed, and nothing is reported")
    func removedByHalf() throws {
      let fixture = try PinFixture()
      #expect(try fixture.start(arguments: ["--bpf.map-entries=5000"]).stop() == 0)
      // A file that is not the exporter's ends the removal behind the maps, before the programs.
      let foreign = "mapz"
      #expect(unsafe mkdir("\(try fixture.layout())/\(foreign)", 0o700) == 0)
      let second = try fixture.start(arguments: ["--bpf.map-entries=5001"])
      #expect(second.child.stderr.contains("pins of another layout cannot be removed"))
      second.kill()
      let layouts = try FileManager.default.contentsOfDirectory(atPath: fixture.pins)
      let rest = try #require(layouts.first { $0.hasSuffix("_replaced") })
      let pins = try FileManager.default.contentsOfDirectory(atPath: "\(fixture.pins)/\(rest)")
      #expect(pins.contains { $0.hasPrefix("program_") } && !pins.contains { $0.hasPrefix("map_") })
      #expect(unsafe rmdir("\(fixture.pins)/\(rest)/\(foreign)") == 0)
      let third = try fixture.start(arguments: ["--bpf.map-entries=5001"])
      _ = try fixture.layout()
      let scrape = try third.scrape()
      #expect(scrape.samples[#"pidns_handovers_total{result="complete"}"#] == 1)
      #expect(scrape.samples[#"pidns_handovers_total{result="incomplete"}"#] == 0)
      #expect(third.stop() == 0)
    }

    @Test("A layout whose programs were about to be detached is carried over, and the gap is reported")
    func halfDetached() throws {
      let fixture = try PinFixture()
      let exporter = try fixture.start(arguments: Self.flags)
      let load = try Workload("hold", "--namespaces", "1", "--execs", "50")
      let truth = try #require(try load.untilReady().truths.first)
      exporter.kill()
      let layout = try fixture.layout()
      #expect(unsafe rename(layout, layout + "_replaced") == 0)
      let next = try fixture.start(arguments: Self.flags)
      let scrape = try next.scrape()
      #expect(
        Comparison(truth: truth.facts, counted: scrape.facts(truth.names)).words(mayLack: [.execFailures])
          == [])
      #expect(try scrape[#"pidns_handovers_total{result="incomplete"}"#] == 1)
      _ = try fixture.layout()
      _ = try load.finish()
    }

    @Test("A part that was deleted and not counted as deleted is counted at the next start")
    func lostRelease() throws {
      let fixture = try PinFixture()
      #expect(try fixture.start().stop() == 0)
      // As if as many were lost as may exist: nothing would be admitted.
      let map = "\(try fixture.layout())/map_parts_released"
      let key = "key hex 00 00 00 00"
      _ = try bpftool("map update pinned '\(map)' \(key) value hex 00 00 ff ff ff ff ff ff")
      let exporter = try fixture.start()
      let cgroup = try TestCgroup("/system.slice/pidns-test-\(getpid()).service")
      try cgroup.start(["/bin/true"]).wait()
      let unit = Scrape.Names(pidns: Scrape.host, unit: "pidns-test-\(getpid()).service")
      try eventually("the service has its series") { try exporter.scrape().counts(unit).execs == 1 }
      cgroup.remove()
    }

    @Test("The removal of a cgroup is noted by programs that do not count")
    func removedWhileClosed() throws {
      let fixture = try PinFixture()
      let flags = ["--namespaces.retention=1s"]
      let unit = Scrape.Names(pidns: Scrape.host, unit: "pidns-test-\(getpid()).service")
      let cgroup = try TestCgroup("/system.slice/\(unit.unit)")
      let exporter = try fixture.start(arguments: flags)
      try cgroup.start(["/bin/true"]).wait()
      try eventually("the service is shown") { try exporter.scrape().counts(unit).execs == 1 }
      #expect(exporter.stop() == 0)
      let gates = "pinned '\(try fixture.layout())/map_gates'"
      let cpus = try bpftool("-j map dump \(gates)").matches(of: /"key":\[/).count
      for cpu in 0..<cpus {
        _ = try bpftool("map update \(gates) key \(cpu % 256) \(cpu / 256) 0 0 value 1 0 0 0")
      }
      cgroup.remove()
      let next = try fixture.start(arguments: flags)
      #expect(try next.scrape().counts(unit).execs == 1)
      try eventually("the service has ended") {
        try !next.scrape().samples.keys.contains { $0.contains(unit.unit) }
      }
    }

    @Test("While the state cannot be written, services that ended leave room for others")
    func unsavedParts() throws {
      let fixture = try PinFixture()
      let disk = try SmallDisk(in: fixture)
      // 256 for the host's namespace, of which other services on this machine have some.
      let exporter = try fixture.start(arguments: ["--state.file=\(disk.state)", "--cgroups.max=512"])
      let slice = try TestCgroup("/pidns-test-\(getpid()).slice")
      try disk.fill()
      let script = """
        i=0; while [ $i -lt 400 ]; do
        d=$0/pidns-test-$i.service; mkdir "$d" || exit 9
        ( echo 0 >"$d/cgroup.procs"; exec /bin/true )
        until rmdir "$d" 2>/dev/null; do :; done
        i=$((i+1)); sleep 0.02; done
        """
      #expect(try Child.run("/bin/sh", ["-c", script, slice.folder]).status == 0)
      let scrape = try exporter.scrape()
      #expect(try scrape["pidns_state_write_failures_total"] > 0)
      let wrong = try (0..<400).filter {
        try scrape.counts(Scrape.Names(pidns: Scrape.host, unit: "pidns-test-\($0).service")).execs != 1
      }
      #expect(wrong.isEmpty, "\(wrong.count) services are wrong, such as \(wrong.prefix(5))")
      slice.remove()
    }
  }
}
