// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces
import Probe

/// The features that the flags enable and the kernel supports.
struct FeatureSet: Sendable {
  /// The enabled collectors that the kernel supports.
  var collectors: Set<Collector>
  /// Whether each namespace shows a histogram of lifetimes.
  var showsLifetimesPerNamespace: Bool
  /// The most specific label of the series. Metrics about a namespace exist only if it is the namespace.
  var level = LabelLevel.pidns
  /// Whether the node's pods are watched.
  var watchesPods = false
  /// Whether scrapers see new series first at 0.
  var holdsFirstSamples = false
  /// Whether there is a web configuration.
  var hasWebConfig = false
  /// Whether tokens are accepted.
  var acceptsTokens = false
  /// Whether the programs are pinned, and a state is saved.
  var isPinned = false
  /// Whether OpenMetrics has `_created` lines.
  var writesCreated = false
}

/// A family, and the closure that writes its samples from a snapshot.
struct Metric: Sendable {
  let family: MetricFamily
  private(set) var isShown: @Sendable (FeatureSet, ExpositionFormat) -> Bool
  /// The number of lines for each namespace, if it is fixed.
  let linesPerNamespace: Int
  let write: @Sendable (inout Encoder, RenderedSnapshot, inout FirstView) -> Void

  /// A family whose lines always exist.
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

  /// A family of counters or histograms whose lines appear and disappear.
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

  /// The same metric, shown only if a collector is enabled.
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

  /// A family with one sample, without labels, whose value may be a fraction.
  ///
  /// - Parameter start: When it began, if not at the start of counting.
  static func oneReal(
    _ family: MetricFamily, start: @escaping @Sendable (Snapshot) -> Double? = { _ in nil },
    _ value: @escaping @Sendable (Snapshot) -> Double
  ) -> Metric {
    Metric(family: family) { encoder, snapshot in
      encoder.sample(.empty, value(snapshot), start: start(snapshot))
    }
  }

  /// A counter with a sample for each exposed namespace. Its exemplar is the latest process that it counted, if
  /// exemplars of its kind are kept.
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
  /// The latest process of a kind, in the form that follows a sample.
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
