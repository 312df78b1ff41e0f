// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import PrometheusModel
internal import SwiftProtobuf

/// A page in delimited protocol buffers, read by swift-protobuf with the code generated from Prometheus'
/// definition.
package struct ProtobufPage: Sendable {
  private let families: [Io_Prometheus_Client_MetricFamily]

  /// Reads a page, and checks the rules on which Prometheus relies.
  package init(_ bytes: [UInt8]) throws {
    let stream = InputStream(data: Data(bytes))
    stream.open()
    defer { stream.close() }
    var families: [Io_Prometheus_Client_MetricFamily] = []
    while stream.hasBytesAvailable {
      families.append(
        try BinaryDelimited.parse(messageType: Io_Prometheus_Client_MetricFamily.self, from: stream))
    }
    guard Set(families.map(\.name)).count == families.count else { throw PageFault("a family twice") }
    for family in families { try family.check() }
    self.families = families
  }

  /// The names of the families, in the order of the page.
  package var familyNames: [String] { families.map(\.name) }

  /// The page in the model of the text formats: histograms as classic ones if they have buckets, and start
  /// timestamps as `_created`.
  package var page: Page {
    var page = Page()
    for family in families {
      let unit = family.hasUnit ? family.unit : nil
      var read = Page.Family(name: family.name, type: "\(family.type)", unit: unit, help: family.help)
      for metric in family.metric { read.samples += metric.samples(of: family) }
      page.families.append(read)
    }
    return page
  }

  /// The native histograms, by family and labels.
  package var nativeHistograms: [Page.Series: NativeHistogramReading] {
    var histograms: [Page.Series: NativeHistogramReading] = [:]
    for family in families {
      for metric in family.metric where metric.hasHistogram && metric.histogram.isNative {
        histograms[.init(name: family.name, labels: metric.labels)] = NativeHistogramReading(metric.histogram)
      }
    }
    return histograms
  }
}

/// A native histogram with its buckets decoded.
package struct NativeHistogramReading: Sendable {
  package let count: UInt64
  package let sum: Double
  package let zeroThreshold: Double
  package let zeroCount: UInt64
  /// Counts by upper bound.
  package private(set) var buckets: [Double: Int64] = [:]

  init(_ histogram: Io_Prometheus_Client_Histogram) {
    count = histogram.sampleCount
    sum = histogram.sampleSum
    zeroThreshold = histogram.zeroThreshold
    zeroCount = histogram.zeroCount
    var index = 0
    var deltas = histogram.positiveDelta[...]
    var value: Int64 = 0
    for span in histogram.positiveSpan {
      index += Int(span.offset)
      for _ in 0..<span.length {
        value += deltas.popFirst() ?? 0
        buckets[pow(2, Double(index) * pow(2, -Double(histogram.schema)))] = value
        index += 1
      }
    }
  }

  /// Returns the number of measurements of at most `bound`, which must be a bucket's bound.
  package func cumulative(upTo bound: Double) -> Int64 {
    buckets.reduce(zeroThreshold <= bound ? Int64(clamping: zeroCount) : 0) {
      $0 + ($1.key <= bound ? $1.value : 0)
    }
  }
}

extension Io_Prometheus_Client_MetricFamily {
  fileprivate func check() throws {
    guard hasName, hasHelp, hasType, unknownFields.data.isEmpty else {
      throw PageFault("a family that lacks a field, or has one that is unknown: \(self)")
    }
    for metric in metric {
      let isOfType =
        switch type {
        case .counter: metric.hasCounter && metric.counter.hasValue
        case .gauge: metric.hasGauge && metric.gauge.hasValue
        case .histogram:
          metric.hasHistogram && metric.histogram.hasSampleCount && metric.histogram.hasSampleSum
        default: false
        }
      let kinds = [
        metric.hasGauge, metric.hasCounter, metric.hasSummary, metric.hasUntyped, metric.hasHistogram,
      ]
      guard isOfType, kinds.count(where: \.self) == 1, !metric.hasTimestampMs else {
        throw PageFault("not a metric of \(name): \(metric)")
      }
      try metric.check(name)
    }
    let sets = metric.map(\.labels)
    guard Set(sets).count == sets.count else { throw PageFault("\(name): a series twice") }
  }
}

extension Io_Prometheus_Client_Metric {
  fileprivate var labels: [String: String] {
    Dictionary(label.map { ($0.name, $0.value) }) { first, _ in first }
  }

  fileprivate func check(_ family: String) throws {
    let parts =
      [
        unknownFields, gauge.unknownFields, counter.unknownFields, counter.exemplar.unknownFields,
        counter.startTimestamp.unknownFields, histogram.unknownFields, histogram.startTimestamp.unknownFields,
      ] + label.map(\.unknownFields) + histogram.bucket.map(\.unknownFields)
      + histogram.positiveSpan.map(\.unknownFields)
    guard parts.allSatisfy(\.data.isEmpty) else { throw PageFault("\(family): an unknown field") }
    guard labels.count == label.count, label.allSatisfy({ $0.hasName && $0.hasValue }) else {
      throw PageFault("\(family): bad labels \(label)")
    }
    if hasCounter, counter.hasExemplar {
      guard counter.exemplar.hasValue, counter.exemplar.hasTimestamp else {
        throw PageFault("\(family): a bad exemplar \(counter.exemplar)")
      }
    }
    let timestamps = [counter.startTimestamp, histogram.startTimestamp, counter.exemplar.timestamp]
    guard timestamps.allSatisfy({ (0..<1_000_000_000).contains($0.nanos) && $0.seconds >= 0 }) else {
      throw PageFault("\(family): a bad timestamp \(timestamps)")
    }
    if hasHistogram { try histogram.check(family) }
  }

  fileprivate func samples(of family: Io_Prometheus_Client_MetricFamily) -> [Page.Sample] {
    let created = String(family.name.trimmingSuffix("_total")) + "_created"
    switch family.type {
    case .counter:
      var sample = Page.Sample(name: family.name, labels: labels, value: counter.value)
      if counter.hasExemplar {
        sample.exemplar = Page.Exemplar(
          labels: Dictionary(counter.exemplar.label.map { ($0.name, $0.value) }) { first, _ in first },
          value: counter.exemplar.value, timestamp: counter.exemplar.timestamp.time)
      }
      guard counter.hasStartTimestamp else { return [sample] }
      return [sample, .init(name: created, labels: labels, value: counter.startTimestamp.time)]
    case .histogram:
      func sample(_ suffix: String, _ value: Double, le: String? = nil) -> Page.Sample {
        var labels = labels
        labels["le"] = le
        return .init(name: family.name + suffix, labels: labels, value: value)
      }
      var samples: [Page.Sample] = []
      if !histogram.bucket.isEmpty || !histogram.isNative {
        samples = histogram.bucket.map {
          sample("_bucket", Double($0.cumulativeCount), le: "\($0.upperBound)")
        }
        samples.append(sample("_bucket", Double(histogram.sampleCount), le: "+Inf"))
      }
      samples.append(sample("_sum", histogram.sampleSum))
      samples.append(sample("_count", Double(histogram.sampleCount)))
      if histogram.hasStartTimestamp { samples.append(sample("_created", histogram.startTimestamp.time)) }
      return samples
    default: return [.init(name: family.name, labels: labels, value: gauge.value)]
    }
  }
}

extension Io_Prometheus_Client_Histogram {
  /// By Prometheus' rule for native histograms.
  fileprivate var isNative: Bool {
    zeroThreshold > 0 || zeroCount > 0 || !positiveSpan.isEmpty || !negativeSpan.isEmpty
  }

  fileprivate func check(_ family: String) throws {
    func fault(_ what: String) -> PageFault { PageFault("\(family): \(what): \(self)") }
    let bounds = bucket.map(\.upperBound)
    guard zip(bounds, bounds.dropFirst()).allSatisfy(<) else { throw fault("bounds do not rise") }
    let counts = bucket.map(\.cumulativeCount) + [sampleCount]
    guard zip(counts, counts.dropFirst()).allSatisfy(<=) else { throw fault("buckets fall") }
    guard isNative else { return }
    guard hasSchema, (-4...8).contains(schema), hasZeroThreshold, hasZeroCount, !positiveSpan.isEmpty else {
      throw fault("a native histogram that lacks a field")
    }
    guard positiveSpan.dropFirst().allSatisfy({ $0.offset >= 0 }) else { throw fault("spans overlap") }
    guard positiveSpan.reduce(0, { $0 + Int($1.length) }) == positiveDelta.count else {
      throw fault("spans and deltas are not of one length")
    }
    let reading = NativeHistogramReading(self)
    guard reading.buckets.values.allSatisfy({ $0 >= 0 }) else { throw fault("a negative bucket") }
    guard reading.cumulative(upTo: .infinity) == Int64(clamping: sampleCount) else {
      throw fault("buckets that do not add up to the count")
    }
  }
}

extension Google_Protobuf_Timestamp {
  /// Seconds since the epoch: the number that is nearest, as in the text formats. A sum would be rounded twice.
  fileprivate var time: Double {
    Double("\(seconds).\(String(1_000_000_000 + nanos).dropFirst())") ?? .nan
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: String) -> Substring {
    hasSuffix(suffix) ? dropLast(suffix.count) : self[...]
  }
}
