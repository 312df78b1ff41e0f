// SPDX-License-Identifier: Apache-2.0

/// Compares a scrape's series of one namespace with the ground truth.
package struct Comparison {
  /// A wrong number.
  package struct Difference: Equatable, CustomStringConvertible {
    package let quantity: Facts.Quantity
    package let counted: Double
    package let truth: Double

    package var description: String { "\(quantity): \(counted.plain) counted, \(truth.plain) true" }

    /// A short form for a table cell: `-3 exits`.
    package var short: String {
      (counted > truth ? "+" : "") + "\((counted - truth).plain) \(quantity)"
    }
  }

  /// The wrong numbers.
  package private(set) var differences: [Difference] = []
  /// The kinds in the ground truth that the scrape does not have at all.
  package private(set) var notCounted: Set<Facts.Kind> = []

  /// Compares every kind in the ground truth.
  package init(truth: Facts, counted: Facts) {
    for kind in Facts.Kind.allCases {
      let truths = truth[kind]
      let counts = counted[kind]
      if truths.isEmpty { continue }
      // A series at 0 may be missing if it starts with its first event, or ends with the namespace.
      let mayBeAbsent = kind.hasNoSeriesAtZero || kind.isGauge
      if counts.isEmpty && !(mayBeAbsent && truths.values.allSatisfy { $0 == 0 }) {
        notCounted.insert(kind)
        continue
      }
      let more = kind.hasNoSeriesAtZero ? Set(counts.keys) : []
      // The total of the parts adds no information.
      let quantities = Set(truths.keys).union(more).filter { $0.part != nil || kind.label == nil }
      for quantity in quantities.sorted(by: { "\($0)" < "\($1)" }) {
        let difference = Difference(
          quantity: quantity, counted: counts[quantity] ?? 0, truth: truths[quantity] ?? 0)
        if !difference.isTolerable(in: truth) { differences.append(difference) }
      }
    }
  }

  /// Returns all problems, except missing kinds in `mayLack`.
  package func words(mayLack: Set<Facts.Kind>) -> [String] {
    differences.map(\.description)
      + notCounted.subtracting(mayLack).sorted().map { "\($0.rawValue): not counted" }
  }
}

extension Comparison.Difference {
  /// Counts are exact. A sum of seconds is not, because the kernel reads the clock at other
  /// moments than the parent that waits. The sum must be between the parent's and the process's own
  /// measurement if both exist, else within 1 %. For the same reason some lifetimes may be in a lower
  /// bucket.
  fileprivate func isTolerable(in facts: Facts) -> Bool {
    guard quantity.kind == .lifetimes else { return counted == truth }
    switch quantity.part {
    case "sum":
      guard let uncertain = facts.uncertainSeconds else { return abs(counted - truth) <= truth * 0.01 }
      let rounding = 1e-5
      return counted >= truth - uncertain - rounding && counted <= truth + rounding
    case "count": return counted == truth
    default: return (truth...(truth + facts.uncertainLifetimes)).contains(counted)
    }
  }
}

extension Scrape {
  /// Returns the differences of a namespace's series from the ground truth; none if every count is exact.
  ///
  /// - Parameter mayLack: Kinds that may be missing, because their collector is disabled.
  package func differences(
    from truth: Truth, mayLack: Set<Facts.Kind> = Facts.Kind.optional
  ) -> [String] {
    Comparison(truth: truth.facts, counted: facts(truth.names)).words(mayLack: mayLack)
  }
}

extension Double {
  /// Without a fraction if it is a whole number.
  fileprivate var plain: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}
