// SPDX-License-Identifier: Apache-2.0

import LiveView

/// Parses the series that ``Sample`` needs from text format 0.0.4, or from OpenMetrics where its syntax is
/// the same.
///
/// The bytes are untrusted. Other series are skipped. A malformed series of interest, or a line that cannot be part of
/// an exposition, is an error. Time is linear in the size, memory linear in the number of label sets.
struct ExpositionParser {
  /// The longest accepted line, in bytes.
  static let lineLimit = 64 << 10
  /// The limit of label sets.
  static let namespaceLimit = 100_000

  private var result = Sample()
  private var hasSeries = false
  private var number = 0

  /// Parses an exposition.
  ///
  /// - Throws: `ExpositionError` for malformed lines, for too many label sets, and if no series is from
  ///   pidns-exporter.
  static func parse(_ bytes: [UInt8]) throws(ExpositionError) -> Sample {
    var parser = ExpositionParser()
    var start = bytes.startIndex
    while start < bytes.endIndex {
      let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
      try parser.decode(bytes[start..<end])
      start = end + 1
    }
    guard parser.hasSeries else {
      throw ExpositionError("it contains no series of pidns-exporter")
    }
    return parser.result
  }

  private mutating func decode(_ line: ArraySlice<UInt8>) throws(ExpositionError) {
    number += 1
    guard let first = line.first, first != UInt8(ascii: "#"), line != [0x0d] else { return }
    guard line.count <= Self.lineLimit else { throw malformed() }
    let nameEnd = line.firstIndex { !$0.isNameByte } ?? line.endIndex
    guard nameEnd > line.startIndex, nameEnd < line.endIndex,
      [UInt8(ascii: "{"), UInt8(ascii: " "), UInt8(ascii: "\t")].contains(line[nameEnd])
    else { throw malformed() }
    guard let metric = Metric.byName[Array(line[..<nameEnd])] else { return }
    var rest = line[nameEnd...].drop { $0.isBlank }
    let labels = try rest.first == UInt8(ascii: "{") ? decodeLabels(&rest) : Labels()
    let value = try self.value(rest)
    hasSeries = hasSeries || metric != .exporterStart
    try add(metric, labels, value)
  }

  private mutating func add(_ metric: Metric, _ labels: Labels, _ value: Double) throws(ExpositionError) {
    let isFailure = labels.reason == "error" || labels.reason == "signaled"
    switch metric {
    case .up: result.isUp = value != 0
    case .lastPoll: result.time = value
    case .exporterStart: result.exporterStart = value
    case .count where labels.state == "live": result.live += value
    case .count where labels.state == "retained": result.retained += value
    case .count: break
    case .nodeExecs: result.node.execs += value
    case .nodeExits:
      result.node.exits += value
      if isFailure { result.node.failures += value }
    case .execs, .exits, .processes, .threads, .zombies, .info, .start, .end:
      guard result.namespaces.count < Self.namespaceLimit || result.namespaces[labels.identity] != nil
      else {
        throw ExpositionError("it has more than \(Self.namespaceLimit) namespaces")
      }
      // Updates the entry in place, without a copy for each of its series.
      metric.add(labels, value, isFailure, to: &result.namespaces[labels.identity, default: .init()])
    }
  }

  // MARK: Parts of a line

  /// The labels that are used; others are skipped.
  struct Labels {
    var identity = Sample.Identity()
    var reason = ""
    var state = ""
    var initComm = ""
    var level = ""
  }

  private func decodeLabels(_ rest: inout ArraySlice<UInt8>) throws(ExpositionError) -> Labels {
    var labels = Labels()
    rest.removeFirst()
    while true {
      rest = rest.drop { $0.isBlank || $0 == UInt8(ascii: ",") }
      if rest.first == UInt8(ascii: "}") {
        rest.removeFirst()
        return labels
      }
      let name = rest.prefix { $0.isNameByte }
      rest = rest.dropFirst(name.count).drop { $0.isBlank }
      guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { throw malformed() }
      rest = rest.drop { $0.isBlank }
      guard rest.popFirst() == UInt8(ascii: "\"") else { throw malformed() }
      let value = try decodeValue(&rest)
      switch String(decoding: name, as: UTF8.self) {
      case "pidns": labels.identity.pidns = value
      case "namespace": labels.identity.namespace = value
      case "pod": labels.identity.pod = value
      case "container": labels.identity.container = value
      case "unit": labels.identity.unit = value
      case "reason": labels.reason = value
      case "state": labels.state = value
      case "init_comm": labels.initComm = value
      case "level": labels.level = value
      default: break
      }
    }
  }

  /// Parses a label's value and its closing quote. Repairs malformed UTF-8.
  private func decodeValue(_ rest: inout ArraySlice<UInt8>) throws(ExpositionError) -> String {
    let plain = rest.prefix { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    rest = rest.dropFirst(plain.count)
    if rest.first == UInt8(ascii: "\"") {
      rest.removeFirst()
      return String(decoding: plain, as: UTF8.self)
    }
    var bytes = Array(plain)
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"):
        switch rest.popFirst() {
        case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
        case UInt8(ascii: "\""): bytes.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
        default: throw malformed()
        }
      default: bytes.append(byte)
      }
    }
    throw malformed()
  }

  /// Parses a finite, non-negative number. Ignores a timestamp or an exemplar after it.
  private func value(_ rest: ArraySlice<UInt8>) throws(ExpositionError) -> Double {
    let text = rest.drop { $0.isBlank }.prefix { !$0.isBlank && $0 != 0x0d }
    guard text.count <= 32, let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite,
      value >= 0
    else { throw malformed() }
    return value
  }

  private func malformed() -> ExpositionError {
    ExpositionError("line \(number) of it is not a Prometheus sample")
  }
}

extension ExpositionParser {
  /// The series that are used.
  fileprivate enum Metric: String, CaseIterable {
    case execs = "pidns_process_execs_total"
    case exits = "pidns_process_exits_total"
    case processes = "pidns_processes"
    case threads = "pidns_threads"
    case zombies = "pidns_zombie_processes"
    case info = "pidns_info"
    case start = "pidns_start_time_seconds"
    case end = "pidns_end_time_seconds"
    case nodeExecs = "pidns_node_process_execs_total"
    case nodeExits = "pidns_node_process_exits_total"
    case count = "pidns_namespaces"
    case up = "pidns_up"
    case lastPoll = "pidns_last_poll_timestamp_seconds"
    case exporterStart = "process_start_time_seconds"

    static let byName = Dictionary(uniqueKeysWithValues: allCases.map { (Array($0.rawValue.utf8), $0) })

    /// Adds a sample to a namespace's entry.
    func add(_ labels: Labels, _ value: Double, _ isFailure: Bool, to entry: inout Sample.Entry) {
      switch self {
      case .execs: entry.events.execs += value
      case .exits:
        entry.events.exits += value
        if isFailure { entry.events.failures += value }
      case .processes: entry.processes = (entry.processes ?? 0) + value
      case .threads: entry.threads = (entry.threads ?? 0) + value
      case .zombies: entry.zombies = (entry.zombies ?? 0) + value
      case .info:
        entry.initComm = labels.initComm
        entry.isHost = labels.level == "0"
      case .start: entry.start = value
      case .end: entry.end = value
      case .nodeExecs, .nodeExits, .count, .up, .lastPoll, .exporterStart: break
      }
    }
  }
}

extension UInt8 {
  fileprivate var isNameByte: Bool {
    switch self {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
      true
    default: false
    }
  }

  fileprivate var isBlank: Bool { self == 0x20 || self == 0x09 }
}
