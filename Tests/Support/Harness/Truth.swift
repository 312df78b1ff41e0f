// SPDX-License-Identifier: Apache-2.0

/// A line of the workload: the ground truth of a namespace.
package struct Truth: Decodable {
  package let pidns: UInt32
  /// The container of the namespace; empty if it is in no container of the test.
  package var container = ""
  /// Since the start of the namespace.
  package let facts: Facts
  /// Since the workload's `ready` line, for a namespace that existed before.
  package let afterReady: Facts?

  package var counts: Counts { Counts(facts) }

  /// The labels of its series.
  package var names: Scrape.Names { Scrape.Names(pidns: pidns, container: container) }

  private enum CodingKeys: String, CodingKey {
    case pidns
    case afterReady = "after_ready"
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    pidns = try fields.decode(UInt32.self, forKey: .pidns)
    facts = try Facts(from: decoder)
    afterReady = try fields.decodeIfPresent(Facts.self, forKey: .afterReady)
  }
}

/// The line by which the workload reports that it waits for its input.
package struct Ready: Decodable {
  package let ready: Bool
  /// The namespace, if there is exactly one.
  package let pidns: UInt32?
}

extension Facts: Decodable {
  private struct Field: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }
  }

  private struct Histogram: Decodable {
    let sum: Double?
    let count: Double?
    let buckets: [String: Double]?
    let uncertain: Double?
    let leastSum: Double?

    enum CodingKeys: String, CodingKey {
      case sum, count, buckets, uncertain
      case leastSum = "sum_at_least"
    }
  }

  /// Decodes a line; the four mandatory counts must be there.
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Field.self)
    func field(_ name: String) -> Field { Field(stringValue: name) }
    for kind in Kind.allCases {
      let key = field(kind.rawValue)
      switch kind {
      case .execs, .forks, .threadStarts, .exits:
        values[Quantity(kind)] = try fields.decode(Double.self, forKey: key)
      case .coreDumps, .oomKills, .processes, .threads, .zombies:
        values[Quantity(kind)] = try fields.decodeIfPresent(Double.self, forKey: key)
      case .exitReasons:
        for reason in ["completed", "error", "signaled", "teardown"] {
          values[Quantity(kind, reason)] = try fields.decodeIfPresent(Double.self, forKey: field(reason))
        }
      case .signals, .exitCodes, .execFailures:
        guard let parts = try fields.decodeIfPresent([String: Double].self, forKey: key) else { continue }
        // The total is stated even if there is no part.
        values[Quantity(kind)] = parts.values.reduce(0, +)
        for (part, value) in parts { values[Quantity(kind, part)] = value }
      case .lifetimes:
        guard let histogram = try fields.decodeIfPresent(Histogram.self, forKey: key) else { continue }
        values[Quantity(kind, "sum")] = histogram.sum
        values[Quantity(kind, "count")] = histogram.count
        uncertainLifetimes = histogram.uncertain ?? 0
        if let sum = histogram.sum, let least = histogram.leastSum { uncertainSeconds = sum - least }
        // Buckets are separate in the ground truth, and cumulative in a scrape.
        var sum = 0.0
        for (bound, value) in (histogram.buckets ?? [:]).sorted(by: {
          Self.number($0.key) < Self.number($1.key)
        }) {
          sum += value
          values[Quantity(kind, Self.bound(bound))] = sum
        }
      }
    }
  }

  private static func number(_ bound: String) -> Double { Double(bound) ?? .infinity }

  /// Normalises an upper bound: `1` and `1.0` are equal.
  static func bound(_ text: String) -> String { Double(text).map { $0.isFinite ? "\($0)" : "+Inf" } ?? text }
}
