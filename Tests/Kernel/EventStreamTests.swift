// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// That no event is missing, or else that it is said how many are.
  @Suite(.serialized) struct EventStreams {
    /// Has the workload's processes be those of a user that nobody else is, so that they can be told from all others.
    static let user = 4321
    static let asUser = [
      "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "unshare", "--user",
      "--map-root-user",
    ]

    @Test("At the highest rate that the machine makes, for eight seconds, every event is shown")
    func fast() throws {
      let events = try RunningEvents(output: "/dev/null", "--uid=\(Self.user)")
      let cpus = ProcessInfo.processInfo.activeProcessorCount
      let command = Self.asUser + [Built.workload.path(), "background", "--seconds", "8"]
      let children = try (0..<cpus).map { _ in try Child("/usr/bin/env", command) }
      var expected = 0
      for child in children {
        child.closeInput()
        let truth = try JSONDecoder().decode(Truth.self, from: Data(child.rest().utf8))
        #expect(child.wait() == 0, "\(child.stderr)")
        // And the command in front: unshare and the workload are execed, and the latter ends.
        expected += Int(truth.counts.execs + truth.counts.exits) + 3
      }
      try events.stop()
      #expect(events.said == ["pidns-exporter: \(expected) events shown, 0 dropped"])
    }

    @Test(
      "With a small buffer and a reader that does not read, what is dropped makes up the difference",
      arguments: ["64KiB", "512KiB"])
    func slow(buffer: String) throws {
      let exporter = try RunningExporter()
      let beforeAll = try exporter.scrape()
      // Into a pipe that nobody reads until all is over.
      let child = try Child(
        Built.exporter.path(),
        ["events", "--log.level=info", "--output=json", "--bpf.ring-buffer=\(buffer)"])
      try eventually("events are told") { child.stderr.contains("showing events") }
      let before = try exporter.scrape()
      let truth = try Workload.run("spawn", "--count", "20000")[0]
      let after = try exporter.scrape()
      child.signal(SIGINT)
      let lines = child.rest()
      #expect(child.wait() == 0)
      let afterAll = try exporter.scrape()

      let told = try ToldEvent.lines(of: lines)
      let shown = told.count { $0.event != "dropped" }
      let dropped = told.filter { $0.event == "dropped" }.reduce(0) { $0 + ($1.numbers["count"] ?? 0) }
      #expect(dropped > 0 && shown > 0)
      // One process after the other execs and exits: where one of these is missing, a line says so.
      var last: Int64?
      for event in told where event.event == "dropped" || event.texts["container"] == truth.container {
        guard let pid = event.numbers["pid"], pid > 1 else {
          last = nil
          continue
        }
        let number = 2 * pid + (event.event == "exit" ? 1 : 0)
        if let last { #expect(number == last + 1, "\(event)") }
        last = number
      }
      // Of all that happens on the machine, no less than while it surely listened, and no more than around that.
      #expect(try shown + Int(dropped) >= after.happened - before.happened)
      #expect(try shown + Int(dropped) <= afterAll.happened - beforeAll.happened)
      #expect(try after.happened - before.happened >= Int(truth.counts.execs + truth.counts.exits))
      #expect(child.stderr.contains(", \(dropped) dropped: the ring buffer was full"))
    }

    @Test("A reader that is stuck keeps it from ending no longer than two seconds")
    func stuck() throws {
      let busy = try Workload("background", "--seconds", "3")
      // Nobody reads its pipe, which has room for a thousand events or two.
      let timed = try Child(
        Built.exporter.path(), ["events", "--output=json", "--args", "--fork", "--duration=2s"])
      #expect(timed.wait() == 0)
      #expect(timed.stderr.contains(" shown, output incomplete: the reader stopped reading, "))
      _ = try busy.finish()
    }

    @Test("It ends by itself when it has shown enough, when the time is over, and when nobody reads")
    func ends() throws {
      let spawning = try Child("/bin/sh", ["-c", "while /bin/true; do sleep 0.05; done"])
      defer { spawning.signal(SIGKILL) }
      let counted = try Child.run(Built.exporter.path(), ["events", "--count=3", "--output=json"])
      #expect(counted.status == 0)
      #expect(try ToldEvent.lines(of: counted.stdout).count == 3)
      #expect(counted.stderr == "pidns-exporter: 3 events shown, 0 dropped\n")

      let timed = try Child.run(Built.exporter.path(), ["events", "--duration=500ms", "--output=logfmt"])
      #expect(timed.status == 0)
      #expect(timed.stdout.contains("event=exec") && timed.stdout.contains("file=/bin/true"))

      let piped = try Child.run(
        "/bin/bash",
        ["-c", "set -o pipefail; \"$0\" events --output=json | head -n 1", Built.exporter.path()])
      #expect(piped.status == 0)
      #expect(piped.stdout.split(separator: "\n").count == 1)
      #expect(piped.stderr == "")
    }

    @Test("It ends when nobody reads although nothing happens")
    func closed() throws {
      // A user that does nothing.
      let command = "set -o pipefail; \"$0\" events --uid=\(Self.user) | sleep 0.5"
      let quiet = try Child.run("/bin/bash", ["-c", command, Built.exporter.path()])
      #expect(quiet.status == 0)
      #expect(quiet.stderr == "")
    }
  }
}

extension Scrape {
  /// Execs and exits of the whole node.
  fileprivate var happened: Int {
    get throws { try Int(node.execs + node.exits) }
  }
}
