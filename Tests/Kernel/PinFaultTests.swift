// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// What an exporter does with pins that were changed while none ran.
  @Suite(.serialized) struct PinFaults {
    private static let foreignMap = [
      "type", "percpu_array", "key", "4", "value", "8", "entries", "1", "name", "node",
    ]

    /// What is done to the pins of an exporter that has stopped, with `$L` for the folder of the layout and `$P` for that
    /// of pins, and a part of the line that the next one ends with.
    private static let hostile: [(script: String, reason: String)] = [
      ("chmod go+w $P", "can be written by others"),
      ("chmod g+w $L", "can be written by others"),
      ("chown 65534 $P", "belongs to user 65534"),
      ("chown 65534 $L", "belongs to user 65534"),
      ("mv $P ${P}_2 && ln -s ${P}_2 $P", "is not a folder"),
      (
        "rm $L/map_node && bpftool map create $L/map_node \(foreignMap.joined(separator: " "))",
        "map_node is another map"
      ),
      (
        "mv $L/map_node $L/x && mv $L/map_namespaces $L/map_node && mv $L/x $L/map_namespaces",
        "is another map"
      ),
      ("rm $L/map_node && mv $L/link_process_exec $L/map_node", "map_node is no map"),
      (
        "mv $L/program_process_exec $L/x && mv $L/program_process_fork $L/program_process_exec",
        "program_process_exec is another program"
      ),
      (
        "mv $L/link_process_exec $L/x && mv $L/link_process_fork $L/link_process_exec && mv $L/x $L/link_process_fork",
        "is the link of another program"
      ),
    ]

    @Test(
      "Pins that others could have changed, and those of other maps and programs, are refused",
      arguments: hostile)
    func refused(_ change: (script: String, reason: String)) throws {
      let fixture = try PinFixture()
      #expect(try fixture.start().stop() == 0)
      let script =
        "export PATH=$PATH:/usr/sbin P='\(fixture.pins)' L='\(try fixture.layout())'; \(change.script)"
      let made = try Child.run("/bin/sh", ["-ec", script])
      #expect(made.status == 0, "\(made.stderr)")
      let line = try PinFixture.failure(fixture.flags + ["--web.listen-address=127.0.0.1:0"])
      #expect(line.contains(change.reason), "\(line)")
    }

    @Test(
      "A layout that lacks pins is replaced, the counts that are left are carried over, and the change is reported",
      arguments: [
        ("link_process_exit", [30, 30]), ("program_process_exec", [30, 30]), ("map_gates", [30, 30]),
        ("map_node", [30, 30]),
        // Without the map of counts, those of the state remain.
        ("map_namespaces", [30, 0]),
      ])
    func incomplete(_ missing: (pin: String, kept: [Int])) throws {
      let fixture = try PinFixture()
      var exporter = try fixture.start()
      let ended = try #require(try Workload.run("spawn", "--count", "30").first)
      try eventually("the namespace is shown") { try exporter.scrape().counts(ended.names).execs == 30 }
      #expect(exporter.stop() == 0)
      let during = try #require(try Workload.run("spawn", "--count", "30").first)
      #expect(unsafe unlink("\(try fixture.layout())/\(missing.pin)") == 0)

      exporter = try fixture.start()
      let page = try exporter.scrape()
      #expect([ended, during].map { (try? page.counts($0.names).execs) ?? 0 } == missing.kept)
      #expect(try page[#"pidns_handovers_total{result="incomplete"}"#] == 1)
      #expect(try page[#"pidns_handovers_total{result="complete"}"#] == 0)
      let after = try #require(try Workload.run("spawn", "--count", "20").first)
      try eventually("it counts") { try exporter.scrape().counts(after.names).execs == 20 }
      exporter.kill()
      // The pins are whole again.
      exporter = try fixture.start()
      _ = try fixture.layout()
      #expect(try exporter.scrape()[#"pidns_handovers_total{result="incomplete"}"#] == 1)
      #expect(try exporter.scrape().counts(after.names).execs == 20)
      #expect(exporter.stop() == 0)
    }

    @Test("A refused layout is refused with exec failures, too, and of another layout as well")
    func refusedWithOthers() throws {
      let fixture = try PinFixture()
      let collector = "--collector.exec-failures"
      #expect(try fixture.start(arguments: [collector]).stop() == 0)
      let map = "\(try fixture.layout())/map_namespaces"
      let shown = try Child.run("/usr/sbin/bpftool", ["-j", "map", "show", "pinned", map]).stdout
      let shape = try #require(try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? [String: Any])
      #expect(unsafe unlink(map) == 0)
      var arguments = ["map", "create", map, "type", "hash", "name", "namespaces"]
      for (name, key) in [
        ("key", "bytes_key"), ("value", "bytes_value"), ("entries", "max_entries"), ("flags", "flags"),
      ] { arguments += [name, "\(try #require(shape[key] as? Int))"] }
      try PinFixture.bpftool(arguments)
      let flags = fixture.flags + ["--web.listen-address=127.0.0.1:0"]
      let reason = "map_namespaces is a map in which no program of its folder counts"
      for other in [[collector], ["--bpf.map-entries=5001"]] {
        let line = try PinFixture.failure(flags + other)
        #expect(line.contains(reason), "\(line)")
      }
      // Nothing was changed.
      _ = try fixture.layout()
    }

    @Test("Maps of the right form that the pinned programs do not count in are refused")
    func otherMaps() throws {
      let (fixture, other) = (try PinFixture(), try PinFixture())
      #expect(try fixture.start().stop() == 0)
      #expect(try other.start().stop() == 0)
      // Programs of one exporter, maps of another.
      let (from, to) = (try other.layout(), try fixture.layout())
      for map in try FileManager.default.contentsOfDirectory(atPath: to) where map.hasPrefix("map_") {
        #expect(unsafe unlink("\(to)/\(map)") == 0)
        let id = try Child.run("/usr/sbin/bpftool", ["-j", "map", "show", "pinned", "\(from)/\(map)"]).stdout
        let number = try #require(id.firstMatch(of: /"id":([0-9]+)/)?.1)
        try PinFixture.bpftool("map", "pin", "id", String(number), "\(to)/\(map)")
      }
      let line = try PinFixture.failure(fixture.flags + ["--web.listen-address=127.0.0.1:0"])
      #expect(line.contains("is a program that counts in other maps"), "\(line)")
    }
  }
}
