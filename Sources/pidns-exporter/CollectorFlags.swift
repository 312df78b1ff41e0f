// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Probe

/// Flags for optional collectors. Execs, forks, thread starts and exits by reason are always counted.
struct CollectorFlags: ParsableArguments {
  @Flag(
    name: .customLong("collector.signals"), inversion: .prefixedNo,
    help: "Count signal deaths and core dumps.")
  var signals = Collector.signals.isOnByDefault

  @Flag(
    name: .customLong("collector.oom-kills"), inversion: .prefixedNo,
    help: "Count kills by the kernel's OOM killer.")
  var oomKills = Collector.oomKills.isOnByDefault

  @Flag(
    name: .customLong("collector.lifetimes"), inversion: .prefixedNo,
    help: "Count process lifetimes, in a histogram.")
  var lifetimes = Collector.lifetimes.isOnByDefault

  @Flag(
    name: .customLong("lifetimes.per-namespace"),
    help: "Show lifetimes for each PID namespace: 17 more series for each.")
  var lifetimesPerNamespace = false

  @Flag(
    name: .customLong("collector.tasks"), inversion: .prefixedNo,
    help: "Show live processes, threads and zombies.")
  var tasks = Collector.tasks.isOnByDefault

  @Flag(
    name: .customLong("collector.exit-codes"), inversion: .prefixedNo,
    help: "Count exits by exit code.")
  var exitCodes = Collector.exitCodes.isOnByDefault

  @Flag(
    name: .customLong("collector.exec-failures"), inversion: .prefixedNo,
    help: "Count failed execs by errno; needs BPF trampolines.")
  var execFailures = Collector.execFailures.isOnByDefault

  /// The enabled collectors.
  var chosen: Set<Collector> { Set(Collector.allCases.filter(isOn)) }

  private func isOn(_ collector: Collector) -> Bool {
    switch collector {
    case .signals: signals
    case .oomKills: oomKills
    case .lifetimes: lifetimes
    case .tasks: tasks
    case .exitCodes: exitCodes
    case .execFailures: execFailures
    }
  }

  func validate() throws {
    guard lifetimes || !lifetimesPerNamespace else {
      throw ValidationError(
        "--lifetimes.per-namespace needs the collector of lifetimes: remove --no-collector.lifetimes")
    }
  }
}
