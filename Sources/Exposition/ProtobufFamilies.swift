// SPDX-License-Identifier: Apache-2.0

/// Writes families as delimited `io.prometheus.client.MetricFamily` messages. Each message is preceded by its
/// length as a varint.
///
///     MetricFamily { 1 name  2 help  3 type  4 metric*  5 unit }
///     Metric       { 1 label*  2 gauge  3 counter  7 histogram }
///     Gauge        { 1 value }
///     Counter      { 1 value  2 exemplar  3 start_timestamp }
///     Exemplar     { 1 label*  2 value  3 timestamp }
///     Histogram    { 1 sample_count  2 sample_sum  3 bucket*  5 schema  6 zero_threshold  7 zero_count
///                    12 positive_span*  13 positive_delta*  15 start_timestamp }
///
/// Source: <https://github.com/prometheus/client_model>, io/prometheus/client/metrics.proto.
struct ProtobufFamilies {
  /// The messages of the completed families.
  private(set) var bytes: [UInt8] = []
  /// The message of the current family; empty before the first one.
  private var family: [UInt8] = []
  private var isCounter = false
  // Buffers for embedded messages, which need their length first. They are reused.
  private var metric: [UInt8] = []
  private var value: [UInt8] = []
  private var part: [UInt8] = []

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  mutating func begin(_ description: MetricFamily) {
    finishFamily()
    isCounter = description.kind == .counter
    family.appendField(1, text: description.sampleName)
    family.appendField(2, text: description.help)
    family.appendField(3, varint: description.kind.protobufType)
    if let unit = description.unit { family.appendField(5, text: unit) }
  }

  /// Appends the current family to `bytes`.
  mutating func finishFamily() {
    guard !family.isEmpty else { return }
    bytes.appendDelimited(family)
    family.removeAll(keepingCapacity: true)
  }

  mutating func sample(
    _ labels: LabelSet, _ extra: LabelSet, _ number: Double, start: Double?, exemplar: () -> Exemplar?
  ) {
    value.removeAll(keepingCapacity: true)
    value.appendField(1, double: number)
    if isCounter {
      if let exemplar = exemplar() { append(exemplar) }
      if let start { append(start, as: 3) }
    }
    write(labels, extra, as: isCounter ? 3 : 2)
  }

  mutating func histogram(
    _ labels: LabelSet, classic: (bounds: HistogramBounds, cumulative: [UInt64])?, count: UInt64, sum: Double,
    native: NativeHistogram?, start: Double?
  ) {
    value.removeAll(keepingCapacity: true)
    value.appendField(1, varint: count)
    value.appendField(2, double: sum)
    if let classic {
      for (index, bound) in classic.bounds.upperBounds.enumerated() {
        part.removeAll(keepingCapacity: true)
        part.appendField(1, varint: classic.cumulative[index])
        part.appendField(2, double: bound)
        value.appendField(3, bytes: part)
      }
    }
    if let native { append(native) }
    if let start { append(start, as: 15) }
    write(labels, .empty, as: 7)
  }

  /// Embeds `value` in a metric, and the metric in the current family.
  private mutating func write(_ labels: LabelSet, _ extra: LabelSet, as field: UInt8) {
    metric.removeAll(keepingCapacity: true)
    metric.appendLabelPairs(labels.bytes.span)
    metric.appendLabelPairs(extra.bytes.span)
    metric.appendField(field, bytes: value)
    family.appendField(4, bytes: metric)
  }

  private mutating func append(_ native: NativeHistogram) {
    value.appendField(5, zigzag: 0)
    value.appendField(6, double: native.zeroThreshold)
    value.appendField(7, varint: native.zeroCount)
    for span in native.spans {
      part.removeAll(keepingCapacity: true)
      part.appendField(1, zigzag: Int64(span.offset))
      part.appendField(2, varint: UInt64(span.length))
      value.appendField(12, bytes: part)
    }
    part.removeAll(keepingCapacity: true)
    for delta in native.deltas { part.appendVarint(delta.zigzag) }
    if !part.isEmpty { value.appendField(13, bytes: part) }
  }

  private mutating func append(_ exemplar: Exemplar) {
    part.removeAll(keepingCapacity: true)
    part.appendLabelPairs(exemplar.labels.span)
    part.appendField(2, double: 1)
    let (seconds, rest) = exemplar.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    let timestamp = Self.timestamp(seconds: seconds, nanoseconds: rest * 1000)
    part.appendField(3, bytes: timestamp)
    value.appendField(2, bytes: part)
  }

  /// Appends a `Timestamp` with microsecond precision.
  ///
  /// - Parameter time: Seconds since the epoch.
  private mutating func append(_ time: Double, as field: UInt8) {
    let (seconds, rest) = Int64(time * 1e6).quotientAndRemainder(dividingBy: 1_000_000)
    let timestamp = Self.timestamp(seconds: seconds, nanoseconds: rest * 1000)
    value.appendField(field, bytes: timestamp)
  }

  private static func timestamp(seconds: Int64, nanoseconds: Int64) -> [UInt8] {
    var timestamp: [UInt8] = []
    timestamp.appendField(1, varint: UInt64(bitPattern: seconds))
    timestamp.appendField(2, varint: UInt64(bitPattern: nanoseconds))
    return timestamp
  }
}

extension MetricFamily.Kind {
  /// The `MetricType`. Protobuf has no type for info, so it is a gauge.
  fileprivate var protobufType: UInt64 {
    switch self {
    case .counter: 0
    case .gauge, .info: 1
    case .histogram: 4
    }
  }
}
