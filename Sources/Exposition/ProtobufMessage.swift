// SPDX-License-Identifier: Apache-2.0

/// Writes a family as a delimited `io.prometheus.client.MetricFamily` message: preceded by its length as a varint.
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
struct ProtobufMessage {
  /// The message of the family that was begun; empty if its metrics are written without it.
  private var family: [UInt8] = []
  // Buffers for embedded messages, which need their length first. They are reused.
  private var metric: [UInt8] = []
  private var value: [UInt8] = []
  private var part: [UInt8] = []

  /// Begins a message with the fields that precede its metrics.
  mutating func begin(_ metadata: [UInt8]) { family.appendCopy(of: metadata.span) }

  /// Appends the message that was begun, if there is one.
  mutating func finish(to bytes: inout [UInt8]) {
    guard !family.isEmpty else { return }
    bytes.appendDelimited(family)
    family.removeAll(keepingCapacity: true)
  }

  /// Writes a metric: into the message that was begun, otherwise to `bytes`.
  mutating func sample(
    _ labels: LabelSet, _ extra: LabelSet, _ number: Double, isCounter: Bool, start: Double?,
    to bytes: inout [UInt8],
    exemplar: () -> Exemplar?
  ) {
    value.removeAll(keepingCapacity: true)
    value.appendField(1, double: number)
    if isCounter {
      if let exemplar = exemplar() { append(exemplar) }
      if let start { append(start, as: 3) }
    }
    write(labels, extra, as: isCounter ? 3 : 2, to: &bytes)
  }

  mutating func histogram(
    _ labels: LabelSet, classic: (bounds: HistogramBounds, cumulative: [UInt64])?, count: UInt64, sum: Double,
    native: NativeHistogram?, start: Double?, to bytes: inout [UInt8]
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
    write(labels, .empty, as: 7, to: &bytes)
  }

  /// Embeds `value` in a metric, and writes the metric.
  private mutating func write(_ labels: LabelSet, _ extra: LabelSet, as field: UInt8, to bytes: inout [UInt8])
  {
    metric.removeAll(keepingCapacity: true)
    metric.appendLabelPairs(labels.bytes.span)
    metric.appendLabelPairs(extra.bytes.span)
    metric.appendField(field, bytes: value)
    if family.isEmpty {
      bytes.appendField(4, bytes: metric)
    } else {
      family.appendField(4, bytes: metric)
    }
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

extension [UInt8] {
  /// Appends the fields of a family that precede its metrics.
  mutating func appendMetadata(of family: MetricFamily) {
    appendField(1, text: family.sampleName)
    appendField(2, text: family.help)
    appendField(3, varint: family.kind.protobufType)
    if let unit = family.unit { appendField(5, text: unit) }
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
