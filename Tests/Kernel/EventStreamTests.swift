// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Every event is shown, or counted as dropped.
  @Suite(.serialized) struct EventStreams {
    /// Runs the workload as a user id that nothing else has, to distinguish its processes from all others.
    static let user = 4321
    static let asUser = [
      "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "unshare", "--user",
      "--map-root-user",
    ]

    @Test("No event is missing at the highest rate of the machine for eight seconds")
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
        // Plus the command in front: unshare and the workload exec, and the latter exits.
        expected += Int(truth.counts.execs + truth.counts.exits) + 3
      }
      try events.stop()
      #expect(events.messages == ["pidns-exporter: \(expected) events shown, 0 dropped"])
    }

    @Test(
      "With a small buffer and a stalled reader, shown and dropped events add up to all events",
      arguments: ["64KiB", "512KiB"])
    func slow(buffer: String) throws {
      let exporter = try RunningExporter()
      let beforeAll = try exporter.scrape()
      // Into a pipe that is read only at the end.
      let child = try Self.events("--log.level=info", "--output=json", "--bpf.ring-buffer=\(buffer)")
      try eventually("events are shown") { child.stderr.contains("showing events") }
      let before = try exporter.scrape()
      let truth = try Workload.run("spawn", "--count", "20000")[0]
      let after = try exporter.scrape()
      child.signal(SIGINT)
      let lines = child.rest()
      #expect(child.wait() == 0)
      let afterAll = try exporter.scrape()

      let output = try StreamedEvent.lines(of: lines)
      let shown = output.count { $0.event != "dropped" }
      let dropped = output.filter { $0.event == "dropped" }.reduce(0) { $0 + ($1.numbers["count"] ?? 0) }
      #expect(dropped > 0 && shown > 0)
      // Processes exec and exit one after another: where one event is missing, a line reports it.
      var last: Int64?
      for event in output where event.event == "dropped" || event.texts["container"] == truth.container {
        guard let pid = event.numbers["pid"], pid > 1 else {
          last = nil
          continue
        }
        let number = 2 * pid + (event.event == "exit" ? 1 : 0)
        if let last { #expect(number == last + 1, "\(event)") }
        last = number
      }
      // Events of the whole machine: at least those while it was listening, at most those around that time.
      #expect(try shown + Int(dropped) >= after.happened - before.happened)
      #expect(try shown + Int(dropped) <= afterAll.happened - beforeAll.happened)
      #expect(try after.happened - before.happened >= Int(truth.counts.execs + truth.counts.exits))
      #expect(child.stderr.contains(", \(dropped) dropped: the ring buffer was full"))
    }

    /// Starts the program with flags; its output is a pipe.
    private static func events(_ flags: String...) throws -> Child {
      try Child(RunningEvents.command[0], RunningEvents.command.dropFirst() + flags)
    }

    /// Runs a script of bash, whose `"$@"` is the program.
    private static func result(
      _ script: String
    ) throws -> (status: Int32, stdout: String, stderr: String) {
      try Child.run("/bin/bash", ["-c", script, "bash"] + RunningEvents.command)
    }

    @Test("A stalled reader delays the exit by at most two seconds")
    func stuck() throws {
      let busy = try Workload("background", "--seconds", "3")
      // Its pipe has no reader, and room for one or two thousand events.
      let timed = try Self.events("--output=json", "--args", "--fork", "--duration=2s")
      #expect(timed.wait() == 0)
      #expect(timed.stderr.contains(" shown, output incomplete: the reader stopped reading, "))
      _ = try busy.finish()
    }

    @Test("The run ends after --count, after --duration, and when the reader closes the pipe")
    func ends() throws {
      let spawning = try Child("/bin/sh", ["-c", "while /bin/true; do sleep 0.05; done"])
      defer { spawning.signal(SIGKILL) }
      let counted = try Self.result("\"$@\" --count=3 --output=json")
      #expect(counted.status == 0)
      #expect(try StreamedEvent.lines(of: counted.stdout).count == 3)
      #expect(counted.stderr == "pidns-exporter: 3 events shown, 0 dropped\n")

      let timed = try Self.result("\"$@\" --duration=500ms --output=logfmt")
      #expect(timed.status == 0)
      #expect(timed.stdout.contains("event=exec") && timed.stdout.contains("file=/bin/true"))

      let piped = try Self.result("set -o pipefail; \"$@\" --output=json | head -n 1")
      #expect(piped.status == 0)
      #expect(piped.stdout.split(separator: "\n").count == 1)
      #expect(piped.stderr == "")
    }

    @Test("The run ends when the reader closes the pipe, even without further events")
    func closed() throws {
      // A user id without processes.
      let quiet = try Self.result("set -o pipefail; \"$@\" --uid=\(Self.user) | sleep 0.5")
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
