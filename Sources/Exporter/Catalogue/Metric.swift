// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces
import Probe

/// What there is to show, as the flags and the kernel have it.
struct FeatureSet: Sendable {
  /// The collectors that are on, and that the kernel has.
  var collectors: Set<Collector>
  /// Whether each namespace shows a histogram of lifetimes.
  var showsLifetimesPerNamespace: Bool
  /// What tells series apart: only where that is the namespace there are those that are about it.
  var level = LabelLevel.pidns
  /// Whether the node's pods are watched.
  var watchesPods = false
  /// Whether scrapers see what is new to them at 0.
  var holdsFirstSamples = false
  /// Whether there is a web configuration.
  var hasWebConfig = false
  /// Whether the programs are pinned, and a state is saved.
  var isPinned = false
  /// Whether OpenMetrics has `_created` lines.
  var writesCreated = false
}

/// A family, and how its samples come out of what a poll found.
struct Metric: Sendable {
  let family: MetricFamily
  private(set) var isShown: @Sendable (FeatureSet, ExpositionFormat) -> Bool
  /// Lines for each namespace, where there is a fixed number of them.
  let linesPerNamespace: Int
  let write: @Sendable (inout Encoder, RenderedSnapshot, inout FirstView) -> Void

  /// A family whose lines are there for as long as it is.
  init(
    family: MetricFamily, isShown: @escaping @Sendable (FeatureSet) -> Bool = { _ in true },
    linesPerNamespace: Int = 0,
    write: @escaping @Sendable (inout Encoder, Snapshot) -> Void
  ) {
    self.family = family
    self.isShown = { features, _ in isShown(features) }
    self.linesPerNamespace = linesPerNamespace
    self.write = { encoder, rendered, _ in write(&encoder, rendered.snapshot) }
  }

  /// A family of counters or histograms whose lines are born and go.
  init(
    family: MetricFamily,
    isShown: @escaping @Sendable (FeatureSet, ExpositionFormat) -> Bool = { _, _ in true },
    linesPerNamespace: Int,
    writeHolding write: @escaping @Sendable (inout Encoder, RenderedSnapshot, inout FirstView) -> Void
  ) {
    self.family = family
    self.isShown = isShown
    self.linesPerNamespace = linesPerNamespace
    self.write = write
  }

  /// The same metric, shown only where a collector is on.
  func of(_ collector: Collector) -> Metric {
    var metric = self
    let isShown = isShown
    metric.isShown = { $0.collectors.contains(collector) && isShown($0, $1) }
    return metric
  }

  /// A family with one sample, without labels.
  static func one(
    _ family: MetricFamily, _ value: @escaping @Sendable (Snapshot) -> UInt64
  ) -> Metric {
    Metric(family: family) { encoder, snapshot in encoder.sample(.empty, value(snapshot)) }
  }

  /// A family with one sample, without labels, that need not be a whole number.
  ///
  /// - Parameter start: When it began, where that is not when counting began.
  static func oneReal(
    _ family: MetricFamily, start: @escaping @Sendable (Snapshot) -> Double? = { _ in nil },
    _ value: @escaping @Sendable (Snapshot) -> Double
  ) -> Metric {
    Metric(family: family) { encoder, snapshot in
      encoder.sample(.empty, value(snapshot), start: start(snapshot))
    }
  }

  /// A counter with a sample for each exposed namespace, and with the latest process of those that it counts, if it is of a
  /// kind that is kept.
  static func perNamespace(
    _ name: String, exemplar kind: ProcessExemplar.Kind? = nil, help: String,
    _ value: @escaping @Sendable (Snapshot.Series) -> UInt64
  ) -> Metric {
    Metric(family: MetricFamily(name, .counter, help: help), linesPerNamespace: 1) {
      encoder, rendered, view in
      rendered.forEachSeries { series, labels in
        encoder.sample(
          series, labels.series, value(series), birth: series.births.series, &view,
          exemplar: kind.flatMap { series.exemplar($0) })
      }
    }
  }

  /// A gauge with a sample for each exposed namespace.
  static func gaugePerNamespace(
    _ name: String, help: String, _ value: @escaping @Sendable (Snapshot.Series) -> UInt64
  ) -> Metric {
    Metric(family: MetricFamily(name, .gauge, help: help), linesPerNamespace: 1) { encoder, rendered, _ in
      rendered.forEachSeries { series, labels in
        encoder.sample(labels.series, value(series))
      }
    }
  }
}

extension Snapshot.Series {
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
