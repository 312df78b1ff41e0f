// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

@testable import Probe

extension KernelTests {
  /// Many cgroups, short-lived cgroups, and cgroups with unusual names.
  @Suite(.serialized) struct PartLimits {
    private static let tag = String(UInt32.random(in: .min ... .max), radix: 16)

    /// For each number from `$1` to `$2`, makes a service's cgroup below the folder `$0` and executes one program in
    /// it, which forks nothing and exits with status 3. With `$3`, the cgroup is removed as soon as the kernel allows.
    private static let onePerCgroup = """
      i=$1; while [ $i -lt $2 ]; do
      d=$0/n$i-\(tag).service; mkdir "$d" || exit 9
      ( echo 0 >"$d/cgroup.procs"; exec /bin/sh -c 'exit 3' )
      if [ -n "$3" ]; then until rmdir "$d" 2>/dev/null; do :; done; fi
      i=$((i+1)); done
      """

    private static func runOnePerCgroup(in slice: TestCgroup, _ numbers: Range<Int>, removing: Bool) throws {
      let (status, _, stderr) = try Child.run(
        "/bin/sh",
        [
          "-c", onePerCgroup, slice.folder, String(numbers.lowerBound), String(numbers.upperBound),
          removing ? "yes" : "",
        ])
      guard status == 0 else { throw TestFailure("the script failed with \(status): \(stderr)") }
    }

    private static func removeChildren(of slice: TestCgroup) throws {
      for child in try FileManager.default.contentsOfDirectory(atPath: slice.folder)
      where child.hasSuffix(".service") {
        unsafe rmdir("\(slice.folder)/\(child)")
      }
    }

    private static func names(_ number: Int) -> Scrape.Names {
      Scrape.Names(pidns: Scrape.host, unit: "n\(number)-\(tag).service")
    }

    @Test("Each of 10,000 services of the host has its own exact series")
    func tenThousand() throws {
      let count = 10_000
      // Room for all else that runs on this machine, too.
      let exporter = try RunningExporter(
        "--bpf.map-entries=100000", "--cgroups.max=25000", "--namespaces.max=25000")
      let slice = try TestCgroup("/pidns-test-\(Self.tag).slice")
      try Self.runOnePerCgroup(in: slice, 0..<count, removing: false)
      let after = try exporter.scrape()
      let wrong = try (0..<count).filter {
        let names = Self.names($0)
        let exits = after.facts(names).values[Facts.Quantity(.exitReasons, "error")]
        return try after.counts(names).execs != 1 || exits != 1
      }
      let found = try wrong.prefix(5).map { "\($0): \(try after.counts(Self.names($0)))" }
      #expect(wrong.isEmpty, "\(wrong.count) services are wrong, such as \(found)")
      #expect(try after["pidns_cgroups_dropped_total"] == 0)
      #expect(after.dropped == 0)
      try Self.removeChildren(of: slice)
      try eventually("the entries of removed cgroups are deleted") {
        try exporter.scrape()[#"pidns_bpf_map_entries{map="cgroups"}"#] < 1_000
      }
      slice.remove()
    }

    @Test("A cgroup that is removed while its last process exits has all its events")
    func removedAtExit() throws {
      let count = 300
      // Room for the cgroups of all else that runs on this machine.
      let exporter = try RunningExporter("--bpf.map-entries=100000", "--cgroups.max=25000")
      let slice = try TestCgroup("/pidns-test-\(Self.tag)b.slice")
      try Self.runOnePerCgroup(in: slice, 0..<count, removing: true)
      let scrape = try exporter.scrape()
      let wrong = try (0..<count).filter {
        let names = Self.names($0)
        return try scrape.counts(names).execs != 1
          || scrape.facts(names).values[Facts.Quantity(.exitReasons, "error")] != 1
      }
      #expect(wrong.isEmpty, "\(wrong.count) services are wrong, such as \(wrong.prefix(5))")
      slice.remove()
    }

    @Test(
      "The paths of a cgroup that begins and is removed between two reads of one poll stay until its counts are read"
    )
    func removedDuringPoll() throws {
      var counters = try KernelCounters(KernelCounters.Configuration(mapEntries: 100_000, parts: 25_000))
      _ = try counters.read()
      let slice = try TestCgroup("/pidns-test-\(Self.tag)d.slice")
      try Self.runOnePerCgroup(in: slice, 0..<1, removing: true)
      slice.remove()
      // The rest of a poll that has read the counts before.
      _ = try counters.parts?.read(written: .max)
      try counters.removeStaleEntries()
      let reading = try counters.read()
      let path = "/\((slice.folder as NSString).lastPathComponent)/n0-\(Self.tag).service"
      let cgroup = try #require(reading.cgroups.first { $0.value.paths.first == path })
      #expect(cgroup.value.isRemoved)
      #expect(reading.counts.contains { $0.part.cgroup == cgroup.key })
      // Its part is not deleted, as no ledger asks for it.
      try counters.removeStaleEntries()
      #expect(try counters.read().cgroups[cgroup.key] != nil)
    }

    @Test("A zombie in a removed cgroup makes no part, which nothing would end")
    func zombie() throws {
      let slice = try TestCgroup("/pidns-test-\(Self.tag)e.slice")
      let cgroup = try TestCgroup("/pidns-test-\(Self.tag)e.slice/z.service")
      // `sleep` does not wait for the child of the shell that it replaces.
      let parent = try slice.start([
        "/bin/sh", "-c", #"(echo 0 >"$0/cgroup.procs"; exec /bin/true) & exec sleep 600"#, cgroup.folder,
      ])
      defer { parent.signal(SIGKILL) }
      try eventually("there is a zombie in the cgroup") {
        let children = try String(
          contentsOfFile: "/proc/\(parent.pid)/task/\(parent.pid)/children", encoding: .utf8)
        guard let child = children.split(separator: " ").first else { return false }
        let stat = try String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)
        return stat.contains("(true) Z")
      }
      try #require(unsafe rmdir(cgroup.folder) == 0, "errno \(errno)")
      var counters = try KernelCounters(KernelCounters.Configuration(mapEntries: 100_000, parts: 25_000))
      _ = try counters.scanTasks()
      let paths = try counters.read().cgroups.values.map(\.paths[0])
      #expect(paths.contains { $0.hasSuffix("\(Self.tag)e.slice") })
      #expect(!paths.contains { $0.hasSuffix("\(Self.tag)e.slice/z.service") })
      parent.signal(SIGKILL)
      _ = parent.wait()
      slice.remove()
    }

    /// Whether a unit's name may have this byte (systemd.unit(5)).
    private static func isAllowedBySystemd(_ byte: UInt8) -> Bool {
      let character = Character(Unicode.Scalar(byte))
      return character.isASCII && (character.isLetter || character.isNumber || ":-_.\\@".contains(character))
    }

    @Test("A process is counted whatever byte the name of its cgroup has")
    func bytesOfNames() throws {
      let exporter = try RunningExporter()
      let slice = try TestCgroup("/pidns-test-\(Self.tag)c.slice")
      // A line feed is not allowed in the name of a cgroup of v1.
      let bytes = (UInt8(1)...255).filter { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\n") }
      for byte in bytes {
        let folder = Array("\(slice.folder)/x".utf8) + [byte] + Array("-\(byte)-\(Self.tag).service".utf8)
        let made = unsafe (folder + [0]).withUnsafeBytes {
          unsafe mkdir($0.baseAddress!.assumingMemoryBound(to: CChar.self), 0o755)
        }
        #expect(made == 0, "byte \(byte): errno \(errno)")
      }
      let script = #"for d in "$0"/x*; do ( echo 0 >"$d/cgroup.procs"; exec /bin/true ) || exit 9; done"#
      let (status, _, stderr) = try Child.run("/bin/sh", ["-c", script, slice.folder])
      #expect(status == 0, "\(stderr)")
      let scrape = try exporter.scrape()
      func execs(_ unit: String) throws -> Int {
        try scrape.counts(Scrape.Names(pidns: Scrape.host, unit: unit)).execs
      }
      let (allowed, others) = (
        bytes.filter(Self.isAllowedBySystemd), bytes.filter { !Self.isAllowedBySystemd($0) }
      )
      for byte in allowed {
        let character = Character(Unicode.Scalar(byte))
        #expect(try execs("x\(character)-\(byte)-\(Self.tag).service") == 1, "byte \(byte)")
      }
      // systemd gives no unit such a name, so its processes are those of the unit around it.
      #expect(try execs((slice.folder as NSString).lastPathComponent) == others.count)
      let remove = #"for d in "$0"/x*; do rmdir "$d"; done"#
      _ = try Child.run("/bin/sh", ["-c", remove, slice.folder])
      slice.remove()
    }
  }
}
