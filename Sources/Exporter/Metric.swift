// SPDX-License-Identifier: Apache-2.0

internal import BPFKit
internal import Exposition
internal import Namespaces

/// A family, and how its samples come out of what a poll found.
struct Metric: Sendable {
  let family: MetricFamily
  let write: @Sendable (inout Encoder, State) -> Void

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

  /// A counter with a sample for each exposed namespace.
  static func perNamespace(
    _ name: String, help: String, _ count: @escaping @Sendable (ProcessCounts) -> UInt64
  ) -> Metric {
    Metric(family: MetricFamily(name, .counter, help: help)) { encoder, state in
      for namespace in state.snapshot.namespaces {
        encoder.sample(namespace.labels, count(namespace.counts))
      }
    }
  }
}

extension Catalogue {
  /// Writes a scrape's body.
  static func render(_ state: State, as format: ExpositionFormat) -> [UInt8] {
    // A line of a namespace takes about 100 bytes; growing would copy what is there.
    let linesPerNamespace = 4
    let capacity = 16 * 1024 + state.snapshot.namespaces.count * linesPerNamespace * 112
    var encoder = Encoder(format: format, capacity: capacity)
    for metric in metrics {
      encoder.begin(metric.family)
      metric.write(&encoder, state)
    }
    return encoder.finish()
  }
}
