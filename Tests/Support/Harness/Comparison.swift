// SPDX-License-Identifier: Apache-2.0

/// What a scrape says of a namespace, held against the truth.
package struct Comparison {
  /// A number that is not what it should be.
  package struct Difference: Equatable, CustomStringConvertible {
    package let quantity: Facts.Quantity
    package let counted: Double
    package let truth: Double

    package var description: String { "\(quantity): \(counted.plain) counted, \(truth.plain) true" }

    /// For the cell of a table: `-3 exits`.
    package var short: String {
      (counted > truth ? "+" : "") + "\((counted - truth).plain) \(quantity)"
    }
  }

  /// What is counted wrongly.
  package private(set) var differences: [Difference] = []
  /// What the truth states and the scrape does not show at all.
  package private(set) var notCounted: Set<Facts.Kind> = []

  /// Compares all that the truth states.
  package init(truth: Facts, counted: Facts) {
    for kind in Facts.Kind.allCases {
      let truths = truth[kind]
      let counts = counted[kind]
      if truths.isEmpty { continue }
      // What is at 0 need not be shown where a series comes with its first event, or goes with the end.
      let mayBeAbsent = kind.hasNoSeriesAtZero || kind.isGauge
      if counts.isEmpty && !(mayBeAbsent && truths.values.allSatisfy { $0 == 0 }) {
        notCounted.insert(kind)
        continue
      }
      let more = kind.hasNoSeriesAtZero ? Set(counts.keys) : []
      // The sum of the parts says nothing that the parts do not.
      let quantities = Set(truths.keys).union(more).filter { $0.part != nil || kind.label == nil }
      for quantity in quantities.sorted(by: { "\($0)" < "\($1)" }) {
        let difference = Difference(
          quantity: quantity, counted: counts[quantity] ?? 0, truth: truths[quantity] ?? 0)
        if !difference.isTolerable(in: truth) { differences.append(difference) }
      }
    }
  }

  /// Whatever is wrong, in words, where these kinds need not be counted.
  package func words(mayLack: Set<Facts.Kind>) -> [String] {
    differences.map(\.description)
      + notCounted.subtracting(mayLack).sorted().map { "\($0.rawValue): not counted" }
  }
}

extension Comparison.Difference {
  /// Counts are exact. A sum of seconds is not: the kernel takes the start and the end of a process at
  /// other moments than the one who waits for it. It is between what that one and what the process itself
  /// measured, where that is stated, else within 1 %. For the same reason some lifetimes may be in a lower
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
  /// Compares a namespace's series with the truth, in words: nothing where every count is exact.
  ///
  /// - Parameter mayLack: What need not be shown, as its collector is off.
  package func differences(
    from truth: Truth, mayLack: Set<Facts.Kind> = Facts.Kind.optional
  ) -> [String] {
    Comparison(truth: truth.facts, counted: facts(truth.names)).words(mayLack: mayLack)
  }
}

extension Double {
  /// Without a fraction where there is none.
  fileprivate var plain: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}
