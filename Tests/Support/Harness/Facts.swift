// SPDX-License-Identifier: Apache-2.0

/// The numbers of one namespace, from the workload or from a scrape, by quantity.
///
/// A missing quantity differs from 0.
package struct Facts: Equatable {
  /// A kind of count: a metric, and its name in the workload's output.
  package enum Kind: String, CaseIterable, Comparable {
    case execs, forks
    case threadStarts = "thread_starts"
    case exits
    case exitReasons = "exit_reasons"
    case signals
    case coreDumps = "core_dumps"
    case oomKills = "oom_kills"
    case exitCodes = "exit_codes"
    case execFailures = "exec_failures"
    case processes, threads, zombies, lifetimes

    package static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
  }

  /// One number of a kind: the total, or the part with a label value.
  package struct Quantity: Hashable, CustomStringConvertible {
    package let kind: Kind
    /// The label's value: a reason, a signal, an upper bound; `sum` and `count` of a histogram.
    package let part: String?

    package init(_ kind: Kind, _ part: String? = nil) {
      self.kind = kind
      self.part = part
    }

    package var description: String {
      let name = kind == .exitReasons ? "exits" : kind.rawValue
      guard let part else { return name }
      return kind == .lifetimes && Double(part) == nil && part != "+Inf"
        ? "\(name) \(part)" : "\(name){\(kind.label ?? "part")=\(part)}"
    }
  }

  package var values: [Quantity: Double] = [:]
  /// The number of lifetimes that may also be in a lower bucket.
  package var uncertainLifetimes = 0.0
  /// The seconds by which the sum of all lifetimes may be smaller; nil if unknown.
  package var uncertainSeconds: Double?

  package init(_ values: [Quantity: Double] = [:]) { self.values = values }

  /// The numbers of a kind, by part.
  package subscript(kind: Kind) -> [Quantity: Double] { values.filter { $0.key.kind == kind } }

  /// Adds the numbers of successive namespaces with one inum.
  package static func + (left: Facts, right: Facts) -> Facts {
    var sum = Facts(left.values.merging(right.values) { $0 + $1 })
    sum.uncertainLifetimes = left.uncertainLifetimes + right.uncertainLifetimes
    if left.uncertainSeconds != nil || right.uncertainSeconds != nil {
      sum.uncertainSeconds = (left.uncertainSeconds ?? 0) + (right.uncertainSeconds ?? 0)
    }
    return sum
  }
}

extension Facts.Kind {
  /// The metric family, under the name of its samples.
  package var metric: String {
    switch self {
    case .execs: "pidns_process_execs_total"
    case .forks: "pidns_process_forks_total"
    case .threadStarts: "pidns_thread_starts_total"
    case .exits, .exitReasons: "pidns_process_exits_total"
    case .signals: "pidns_process_signal_deaths_total"
    case .coreDumps: "pidns_process_core_dumps_total"
    case .oomKills: "pidns_oom_kills_total"
    case .exitCodes: "pidns_process_exit_codes_total"
    case .execFailures: "pidns_process_exec_failures_total"
    case .processes: "pidns_processes"
    case .threads: "pidns_threads"
    case .zombies: "pidns_zombie_processes"
    case .lifetimes: "pidns_process_lifetime_seconds"
    }
  }

  /// The label that distinguishes its parts.
  package var label: String? {
    switch self {
    case .exitReasons: "reason"
    case .signals: "signal"
    case .exitCodes: "exit_code"
    case .execFailures: "errno"
    case .lifetimes: "le"
    default: nil
    }
  }

  /// The names of its samples.
  var samples: [String] {
    self == .lifetimes ? ["_bucket", "_sum", "_count"].map { metric + $0 } : [metric]
  }

  /// Whether a part at 0 has no series. The ground truth then lists all other parts.
  var hasNoSeriesAtZero: Bool {
    self == .signals || self == .exitCodes || self == .execFailures
  }

  /// Exposed only for a live namespace.
  var isGauge: Bool { self == .processes || self == .threads || self == .zombies }

  /// The kinds that need a flag of the exporter.
  package static let optional: Set<Facts.Kind> = [.exitCodes, .execFailures, .lifetimes]
}
