// SPDX-License-Identifier: Apache-2.0

internal import BPFKit
internal import Exposition
internal import Linux
internal import Namespaces

extension Catalogue {
  /// What happened, by namespace.
  static let namespaces: [Metric] = [
    .perNamespace("pidns_process_execs", help: "Successful execve/execveat calls.") {
      $0.events.counts.execs
    },
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
      ), linesPerNamespace: ExitReason.allCases.count
    ) { encoder, state in
      for namespace in state.snapshot.namespaces {
        for reason in ExitReason.allCases {
          encoder.sample(
            namespace.labels, adding: reason.labels, namespace.events.exits.byReason[reason])
        }
      }
    },
    .perDetail(
      "pidns_process_signal_deaths", label: "signal",
      help: "Processes terminated by a signal, by signal name; teardown left out.",
      bornAtZero: Signal.common.map(Signal.name)
    ) { if case .signalDeath(let signal) = $0 { Signal.name(signal) } else { nil } }.of(.signals),
    .perNamespace(
      "pidns_process_core_dumps", help: "Processes terminated by a signal that dumped core."
    ) { $0.events.exits.coreDumps }.of(.signals),
    .perDetail(
      "pidns_process_exit_codes", label: "exit_code", help: "Process exits by exit code."
    ) { if case .exitCode(let code) = $0 { String(code) } else { nil } }.of(.exitCodes),
    .perDetail(
      "pidns_process_exec_failures", label: "errno", help: "Failed execve/execveat calls by errno."
    ) { if case .execFailure(let errno) = $0 { Errno.name(errno) } else { nil } }.of(.execFailures),
    .perNamespace(
      "pidns_oom_kills",
      help: "Processes killed by the kernel OOM killer, attributed to the victim's PID namespace."
    ) { $0.events.exits.oomKills }.of(.oomKills),
    Metric(
      family: .lifetimes("pidns_process_lifetime_seconds", help: "Process lifetime from fork to exit."),
      isShown: { $0.collectors.contains(.lifetimes) && $0.showsLifetimesPerNamespace },
      linesPerNamespace: ClassicLifetimes.lines
    ) { encoder, state in
      for namespace in state.snapshot.namespaces {
        encoder.lifetimes(namespace.labels, namespace.events.exits.lifetimes)
      }
    },
    .perNamespace("pidns_processes", .gauge, help: "Live processes, zombies left out.") {
      $0.tasks.processes
    }.of(.tasks),
    .perNamespace("pidns_threads", .gauge, help: "Live threads.") { $0.tasks.threads }.of(.tasks),
    .perNamespace(
      "pidns_zombie_processes", .gauge, help: "Exited processes not yet reaped by their parent."
    ) { $0.tasks.zombies }.of(.tasks),
    Metric(
      family: MetricFamily(
        "pidns_namespaces", .gauge, help: "PID namespaces exposed, by state (live, retained).")
    ) { encoder, state in
      let live = state.snapshot.namespaces.count(where: \.isLive)
      encoder.sample(LabelSet(["state": "live"]), UInt64(live))
      encoder.sample(
        LabelSet(["state": "retained"]), UInt64(state.snapshot.namespaces.count - live))
    },
    .one(
      MetricFamily(
        "pidns_namespace_starts", .counter, help: "PID namespaces started since the exporter started.")
    ) { $0.snapshot.node.total.counts.starts },
    Metric(
      family: MetricFamily(
        "pidns_namespaces_dropped", .counter,
        help: "PID namespaces that found no room when they were first seen, by reason.")
    ) { encoder, state in
      for reason in DropReason.allCases {
        let dropped = state.snapshot.node.dropped[reason]?.counts.starts ?? 0
        encoder.sample(LabelSet(["reason": reason.rawValue]), dropped)
      }
      encoder.sample(LabelSet(["reason": "namespaces_max"]), state.snapshot.refused)
    },
  ]
}

extension Metric {
  /// A counter with a sample for each kind of some details that a namespace has had, in the order of the
  /// labels' values.
  ///
  /// - Parameters:
  ///   - bornAtZero: The values that every namespace shows from the start.
  ///   - value: The label's value; nil for details that are not the family's.
  fileprivate static func perDetail(
    _ name: String, label: String, help: String, bornAtZero: [String] = [],
    _ value: @escaping @Sendable (Detail) -> String?
  ) -> Metric {
    let zeros = Dictionary(uniqueKeysWithValues: bornAtZero.map { ($0, 0 as UInt64) })
    let family = MetricFamily(name, .counter, help: help)
    return Metric(family: family, linesPerNamespace: zeros.count) { encoder, state in
      for namespace in state.snapshot.namespaces {
        var counts = zeros
        for (detail, count) in namespace.events.details {
          if let value = value(detail) { counts[value] = count }
        }
        for (value, count) in counts.sorted(by: { $0.key < $1.key }) {
          encoder.sample(namespace.labels, adding: LabelSet([label: value]), count)
        }
      }
    }
  }
}

extension ExitReason {
  /// `reason="…"`.
  var labels: LabelSet { Self.labels[rawValue] }

  private static let labels = allCases.map { LabelSet(["reason": "\($0)"]) }
}
