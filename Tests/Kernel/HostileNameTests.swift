// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// Containers whose names try to break parsers.
  @Suite(.serialized) struct HostileNames {
    /// In bash quotes. A cgroup name may contain anything but a newline and a slash.
    private static let evil = #"\"} 1\\ \x01\xff\xc3{a=\"b\",\\\\"#
    private static let comm = #"e\"}\n# \xff\\"#

    /// Starts pidns-workload as the init of an LXC container whose cgroup, hostname and program have such names.
    private func start() throws -> Child {
      let script = """
        set -e
        cgroup=$(grep -m1 -o '/[^ ]*pids[^ ]*' /proc/mounts || echo /sys/fs/cgroup)/$'lxc.payload.\(Self.evil)'
        folder=$(mktemp -d)
        program=$folder/$'\(Self.comm)'
        cp "$1" "$program"
        mkdir "$cgroup"
        trap 'rm -r "$folder"; rmdir "$cgroup"' EXIT
        (
          echo 0 >"$cgroup/cgroup.procs"
          /usr/bin/python3 -c 'import os, socket, sys; socket.sethostname(os.fsencode(sys.argv[1]))' $'\(Self.comm)'
          exec unshare --pid --fork --kill-child --mount-proc "$program" container --count 3 --execs 2 --threads 1 \
            --hold-ms 600000
        )
        """
      return try Child("/usr/bin/unshare", ["--uts", "bash", "-c", script, "bash", Built.workload.path()])
    }

    @Test("With hostile names the exposition still parses, and each series occurs once with its counts")
    func parses() throws {
      let exporter = try RunningExporter("--labels.grace=5s")
      let container = try start()
      let ready = try #require(container.line())
      let truth = try ContainerTruth(output: ready)
      let scrape = try exporter.scrape()
      let info = try #require(
        scrape.infos.first { $0["pidns"] == "\(truth.pidns)" && $0["runtime"] == "lxc" })
      let name = "\"} 1\\ \u{1}\u{fffd}\u{fffd}{a=\"b\",\\\\"
      #expect(info["container"] == name)
      #expect(info["container_id"] == name)
      #expect(info["init_comm"] == "e\"}\n# \u{fffd}\\")
      #expect(info["runtime"] == "lxc")
      let names = Scrape.Names(pidns: truth.pidns, container: name)
      #expect(scrape.differences(names, from: truth.facts, mayLack: Names.off) == [])
      // The processes that prepared the container are in its cgroup, but in the host's namespace.
      let prepared = Scrape.Names(pidns: Scrape.host, container: name)
      #expect(scrape.names.filter { $0.container == name }.subtracting([prepared]) == [names])

      let text = try HTTP.exchange(port: exporter.port, "GET /metrics HTTP/1.0")
      let promtool = try Self.feed(text.body, to: ["promtool", "check", "metrics"])
      #expect(promtool.status == 0, "\(promtool.output)")
      let samples = try OpenMetricsPage(of: exporter).samples
      let execs = samples.filter {
        $0.name == "pidns_process_execs_total" && $0.labels["container"] == name
          && $0.labels["pidns"] == "\(truth.pidns)"
      }
      #expect(execs.count == 1)
      #expect(execs.first?.labels["container"] == name)
      #expect(execs.first?.value == truth.facts.values[Facts.Quantity(.execs)])

      let initPID = try #require(info["init_pid"].flatMap { Int32($0) })
      kill(initPID, SIGTERM)
      #expect(container.wait() == 0, "\(container.stderr)")
    }

    private static func feed(_ text: String, to command: [String]) throws -> (status: Int32, output: String) {
      let file = FileManager.default.temporaryDirectory.appending(path: "pidns-test-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: file) }
      try text.write(to: file, atomically: false, encoding: .utf8)
      let run = try Child.run(
        "/bin/sh", ["-c", "file=$1; shift; exec \"$@\" <\"$file\"", "sh", file.path()] + command)
      return (run.status, run.stdout + run.stderr)
    }
  }
}
