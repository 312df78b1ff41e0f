// SPDX-License-Identifier: Apache-2.0

import Exposition
import Namespaces
import Probe

/// The features that the flags enable and the kernel supports.
struct FeatureSet: Sendable, Equatable {
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

/// A series on a page, and all else that its lines depend on: so lines are the same on the next page if these are.
struct SeriesContext {
  let series: Snapshot.Series
  /// The labels of each of its lines.
  let labels: LabelSet
  /// What all series of a page have in common.
  let page: PageContext
}

/// What the lines of all series depend on.
struct PageContext: Equatable {
  let features: FeatureSet
  /// When the machine started, in seconds since the epoch.
  let boot: Double
  /// When counting began, in seconds since the epoch.
  let start: Double
}

/// A family, and the closure that writes its samples.
struct Metric: Sendable {
  enum Samples: Sendable {
    /// All at once: they are few, and most of them change with every poll.
    case ofSnapshot(@Sendable (inout Encoder, PublishedSnapshot) -> Void)
    /// Those of one series, which often stay as they are.
    case ofSeries(@Sendable (inout Encoder, borrowing SeriesContext, inout FirstView) -> Void)
  }

  let family: MetricFamily
  private(set) var isShown: @Sendable (FeatureSet, ExpositionFormat) -> Bool
  let samples: Samples

  /// A family about the node or the exporter.
  init(
    family: MetricFamily, isShown: @escaping @Sendable (FeatureSet) -> Bool = { _ in true },
    write: @escaping @Sendable (inout Encoder, Snapshot) -> Void
  ) {
    self.init(family: family, isShown: isShown, writeRendered: { write(&$0, $1.snapshot) })
  }

  /// A family about the exporter, with values that are not in the snapshot.
  init(
    family: MetricFamily, isShown: @escaping @Sendable (FeatureSet) -> Bool = { _ in true },
    writeRendered write: @escaping @Sendable (inout Encoder, PublishedSnapshot) -> Void
  ) {
    self.family = family
    self.isShown = { features, _ in isShown(features) }
    samples = .ofSnapshot(write)
  }

  /// A family with the samples of each series.
  init(
    family: MetricFamily,
    isShown: @escaping @Sendable (FeatureSet, ExpositionFormat) -> Bool = { _, _ in true },
    writeSeries write: @escaping @Sendable (inout Encoder, borrowing SeriesContext, inout FirstView) -> Void
  ) {
    self.family = family
    self.isShown = isShown
    samples = .ofSeries(write)
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
    Metric(
      family: MetricFamily(name, .counter, help: help),
      writeSeries: { encoder, context, view in
        encoder.sample(
          context, value(context.series), birth: context.series.births.series, &view,
          exemplar: kind.flatMap { context.series.exemplar($0) })
      })
  }

  /// A gauge with a sample for each exposed namespace.
  static func gaugePerNamespace(
    _ name: String, help: String, _ value: @escaping @Sendable (Snapshot.Series) -> UInt64
  ) -> Metric {
    Metric(
      family: MetricFamily(name, .gauge, help: help),
      writeSeries: { encoder, context, _ in
        encoder.sample(context.labels, value(context.series))
      })
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
