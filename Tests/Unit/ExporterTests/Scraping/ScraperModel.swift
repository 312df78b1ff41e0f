// SPDX-License-Identifier: Apache-2.0

/// A model of a Prometheus that reads pages: the samples of each series, and their increase.
struct ScraperModel {
  /// The last page's samples, by `name{labels}`.
  private var last: [String: UInt64]?
  /// The increase of a family from sample to sample, over all its series.
  private(set) var increase: [String: UInt64] = [:]
  /// The values of the first page; they are no increase.
  private(set) var baseline: [String: UInt64] = [:]

  /// Violations of the rules in a page.
  enum Fault: Error, CustomStringConvertible {
    case twice(String)
    case decrease(String, from: UInt64, to: UInt64)
    case firstSeen(String, at: UInt64)

    var description: String {
      switch self {
      case .twice(let line): "\(line) is on one page twice"
      case .decrease(let line, let before, let after): "\(line) went down from \(before) to \(after)"
      case .firstSeen(let line, let value): "\(line) was first seen at \(value)"
      }
    }
  }

  static let families = ["pidns_process_execs_total", "pidns_process_signal_deaths_total"]

  /// Reads a page.
  ///
  /// - Parameter isKnown: Whether the exporter must remember the last page; otherwise this is a first page again.
  mutating func read(_ page: String, isKnown: Bool) throws {
    var samples: [String: UInt64] = [:]
    for line in page.split(separator: "\n") {
      guard let family = Self.families.first(where: { line.hasPrefix($0 + "{") }),
        let end = line.firstIndex(of: "}")
      else { continue }
      let series = String(line[...end])
      let value = UInt64(line[end...].split(separator: " ")[1]) ?? .max
      if samples.updateValue(value, forKey: series) != nil { throw Fault.twice(series) }
      guard let last, isKnown else { continue }
      if let before = last[series] {
        if value < before { throw Fault.decrease(series, from: before, to: value) }
        increase[family, default: 0] += value - before
      } else if value != 0 {
        throw Fault.firstSeen(series, at: value)
      }
    }
    if last == nil || !isKnown {
      increase = [:]
      baseline = [:]
      for (series, value) in samples { baseline[String(series.prefix { $0 != "{" }), default: 0] += value }
    }
    last = samples
  }
}
