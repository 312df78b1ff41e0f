// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Measures polls and scrapes with many units in the host's PID namespace: cgroups named as those of services of systemd, each
/// with a process.
struct UnitBenchmark {
  let exporter: Server.Kind
  let rounds: Int

  private static let units = 300
  private static let interval = Duration.milliseconds(250)

  /// Starts the units in $1, reports that, and removes them at the end of its input.
  private static let script = """
    shopt -s nullglob
    for ((i = 0; i < $2; i++)); do
      unit=$1/system.slice/pidns-bench-$i.service
      mkdir -p "$unit"
      (echo "$BASHPID" >"$unit/cgroup.procs" && exec sleep infinity) &
    done
    echo '{"ready":true}'
    read -r _
    kill $(jobs -p)
    wait
    rmdir "$1"/system.slice/pidns-bench-*.service
    """

  func run() throws {
    let flags = ["--poll.interval=250ms", "--namespaces.retention=2s", "--labels.grace=0"]
    let server = try Server(exporter.with(flags))
    defer { server.stop() }
    _ = usleep(1_000_000)
    var table = Table("", "series", "a poll, CPU ms", "scrape, fresh, CPU µs", "seen, CPU µs")
    try measure("none", server, &table)
    let units = try Child(["/bin/bash", "-c", Self.script, "units", try Cgroup.hierarchy(), "\(Self.units)"])
    defer {
      units.closeInput()
      units.skip(to: nil)
      units.wait()
    }
    guard units.skip(to: #"{"ready":true}"#) else { throw BenchError("cannot make cgroups") }
    _ = usleep(2_000_000)
    try measure("\(Self.units) units", server, &table)
    printLine("Units of systemd on the host: polls and scrapes of one client; medians")
    printLine()
    table.print()
  }

  private func measure(_ name: String, _ server: Server, _ table: inout Table) throws {
    let scrapes = try PolledScrapes(server: server, interval: Self.interval)
    let poll = try scrapes.pollCPU(windows: rounds)
    let results = try scrapes.scrapes(rounds: 3 * rounds, clients: [1]).results
    func cell(_ isFresh: Bool) -> String {
      (results.first { $0.isFresh == isFresh }?.cpu ?? []).median.fixed(0)
    }
    table.row(name, "\(scrapes.series)", poll.milliseconds.fixed(2), cell(true), cell(false))
  }
}
