// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces
import Platform
import Probe

extension Catalogue {
  /// Events by namespace.
  static let namespaces: [Metric] = [
    .perNamespace(
      "pidns_process_execs", exemplar: .exec, help: "Successful execve/execveat calls."
    ) { $0.events.counts.execs },
    .perNamespace(
      "pidns_process_forks", help: "New processes, attributed to the child's PID namespace."
    ) { $0.events.counts.forks },
    .perNamespace("pidns_thread_starts", help: "New threads of existing processes.") {
      $0.events.counts.threadStarts
    },
    Metric(
      family: MetricFamily(
        "pidns_process_exits", .counter,
        help:
          "Process exits by reason: completed (status 0), error (status 1-255), signaled, or teardown (killed because the namespace's init exited)."
      ),
      writeSeries: { encoder, context, view in
        let series = context.series
        for reason in ExitReason.allCases {
          encoder.sample(
            context, adding: reason.labels, series.events.exits.byReason[reason],
            birth: series.births.series, &view, exemplar: series.exemplar(.exit(reason)))
        }
      }),
    .perDetail(
      "pidns_process_signal_deaths",
      help: "Processes terminated by a signal, by signal name; teardown is not included.",
      values: DetailLabels("signal", (0...64).map(Signal.name)), bornAtZero: Signal.common,
      exemplar: { .signalDeath($0) }
    ) { if case .signalDeath(let signal) = $0 { signal } else { nil } }.of(.signals),
    .perNamespace(
      "pidns_process_core_dumps", help: "Processes terminated by a signal that dumped core."
    ) { $0.events.exits.coreDumps }.of(.signals),
    .perDetail(
      "pidns_process_exit_codes", help: "Process exits by exit code.",
      values: DetailLabels("exit_code", (0...255).map(String.init))
    ) { if case .exitCode(let code) = $0 { Int32(code) } else { nil } }.of(.exitCodes),
    .perDetail(
      "pidns_process_exec_failures", help: "Failed execve/execveat calls by errno.",
      values: DetailLabels("errno", (0...133).map(Errno.name))
    ) { if case .execFailure(let errno) = $0 { errno } else { nil } }.of(.execFailures),
    .perNamespace(
      "pidns_oom_kills", exemplar: .oomKill,
      help: "Processes killed by the kernel OOM killer, attributed to the victim's PID namespace."
    ) { $0.events.exits.oomKills }.of(.oomKills),
    Metric(
      family: .lifetimes("pidns_process_lifetime_seconds", help: "Process lifetime from fork to exit."),
      // A native histogram is one series, not seventeen.
      isShown: { $0.showsLifetimesPerNamespace || $1 == .protobuf },
      writeSeries: { encoder, context, view in
        let series = context.series
        let isHeld = view.holds(series.births.series, lines: ClassicLifetimes.lines)
        encoder.lifetimes(
          context.labels, isHeld ? Lifetimes() : series.events.exits.lifetimes, start: series.start,
          protobufHasClassic: context.page.features.showsLifetimesPerNamespace)
      }
    ).of(.lifetimes),
    .gaugePerNamespace("pidns_processes", help: "Live processes; zombies are not included.") {
      $0.tasks.processes
    }.of(.tasks),
    .gaugePerNamespace("pidns_threads", help: "Live threads.") { $0.tasks.threads }.of(.tasks),
    .gaugePerNamespace(
      "pidns_zombie_processes", help: "Exited processes not yet reaped by their parent."
    ) { $0.tasks.zombies }.of(.tasks),
  ]
}

extension Metric {
  /// A counter with a sample for each detail that has occurred in a namespace, in the order of their numbers.
  ///
  /// - Parameters:
  ///   - bornAtZero: The numbers that every namespace shows from the start.
  ///   - exemplar: The kind of exemplar of a number; nil without exemplars.
  ///   - number: The number of a detail in `values`; nil for details of other families.
  fileprivate static func perDetail(
    _ name: String, help: String, values: DetailLabels, bornAtZero: [Int32] = [],
    exemplar: (@Sendable (Int32) -> ProcessExemplar.Kind)? = nil,
    _ number: @escaping @Sendable (CounterKey) -> Int32?
  ) -> Metric {
    let zeros = bornAtZero.sorted().map { (number: $0, count: 0 as UInt64) }
    return Metric(
      family: MetricFamily(name, .counter, help: help),
      writeSeries: { encoder, context, view in
        let series = context.series
        var counts = zeros.map { (number: $0.number, count: $0.count, birth: series.births.series) }
        for (detail, count) in series.events.details {
          guard let number = number(detail) else { continue }
          if let zero = counts.firstIndex(where: { $0.number == number }) {
            counts[zero].count = count
          } else {
            counts.append((number, count, series.births[detail]))
          }
        }
        if counts.count > zeros.count { counts.sort { $0.number < $1.number } }
        for (number, count, birth) in counts {
          encoder.sample(
            context, adding: values[number], count, birth: birth, &view,
            exemplar: exemplar.flatMap { series.exemplar($0(number)) })
        }
      })
  }
}

/// The values of one label for the kernel's numbers, written once, because writing one takes longer than its line.
private struct DetailLabels {
  private let name: String
  private let known: [LabelSet]

  init(_ name: String, _ values: [String]) {
    self.name = name
    known = values.map { LabelSet([name: $0]) }
  }

  subscript(number: Int32) -> LabelSet {
    known.indices.contains(Int(number)) ? known[Int(number)] : LabelSet([name: String(number)])
  }
}

extension ExitReason {
  /// `reason="…"`.
  var labels: LabelSet { Self.labels[rawValue] }

  private static let labels = allCases.map { LabelSet(["reason": "\($0)"]) }
}
