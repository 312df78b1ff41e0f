// SPDX-License-Identifier: Apache-2.0

internal import BPFKit
internal import Exposition
internal import Namespaces

/// What there is to show, as the flags and the kernel have it.
struct Scope: Sendable {
  /// The collectors that are on, and that the kernel has.
  var collectors: Set<Collector>
  /// Whether each namespace shows a histogram of lifetimes.
  var showsLifetimesPerNamespace: Bool
  /// What tells series apart: only where that is the namespace there are those that are about it.
  var level = LabelLevel.pidns
  /// Whether the node's pods are watched.
  var watchesPods = false
}

/// A family, and how its samples come out of what a poll found.
struct Metric: Sendable {
  let family: MetricFamily
  var isShown: @Sendable (Scope) -> Bool = { _ in true }
  /// Lines for each namespace, where there is a fixed number of them.
  var linesPerNamespace = 0
  let write: @Sendable (inout Encoder, State) -> Void

  /// The same metric, shown only where a collector is on.
  func of(_ collector: Collector) -> Metric {
    var metric = self
    metric.isShown = { $0.collectors.contains(collector) }
    return metric
  }

  /// A family with one sample, without labels.
  static func one(
    _ family: MetricFamily, _ value: @escaping @Sendable (State) -> UInt64
  ) -> Metric {
    Metric(family: family) { encoder, state in encoder.sample(.empty, value(state)) }
  }

  /// A family with one sample, without labels, that need not be a whole number.
  static func oneReal(
    _ family: MetricFamily, _ value: @escaping @Sendable (State) -> Double
  ) -> Metric {
    Metric(family: family) { encoder, state in encoder.sample(.empty, value(state)) }
  }

  /// A counter with a sample for each exposed namespace, and with the latest process of those that it counts.
  static func perNamespace(
    _ name: String, exemplar kind: ProcessExemplar.Kind, help: String,
    _ value: @escaping @Sendable (Snapshot.Namespace) -> UInt64
  ) -> Metric {
    Metric(family: MetricFamily(name, .counter, help: help), linesPerNamespace: 1) { encoder, state in
      for namespace in state.snapshot.namespaces {
        encoder.sample(namespace.labels, value(namespace), exemplar: namespace.exemplar(kind))
      }
    }
  }

  /// A family with a sample for each exposed namespace.
  static func perNamespace(
    _ name: String, _ kind: MetricFamily.Kind = .counter, help: String,
    _ value: @escaping @Sendable (Snapshot.Namespace) -> UInt64
  ) -> Metric {
    Metric(family: MetricFamily(name, kind, help: help), linesPerNamespace: 1) { encoder, state in
      for namespace in state.snapshot.namespaces {
        encoder.sample(namespace.labels, value(namespace))
      }
    }
  }
}

extension Snapshot.Namespace {
  /// The latest process of a kind, as it is written behind a sample.
  func exemplar(_ kind: ProcessExemplar.Kind) -> Exemplar? {
    exemplars[kind].flatMap { exemplar in
      Exemplar(
        [
          "pid": String(exemplar.process.pid), "host_pid": String(exemplar.process.hostPID),
          "ppid": String(exemplar.process.ppid), "comm": exemplar.process.comm,
        ], microseconds: exemplar.microseconds)
    }
  }
}
