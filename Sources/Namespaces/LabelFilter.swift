// SPDX-License-Identifier: Apache-2.0

import Containers

/// Which namespaces are shown on their own, by regular expressions over their labels.
///
/// One is shown if no rule excludes it, and a rule includes it or there is none that does. The others are in the
/// node's totals.
package struct LabelFilter: Sendable {
  /// One label, and what its whole value has to match.
  package struct Rule: Sendable, Equatable {
    /// A label that can be matched.
    package enum Label: String, CaseIterable, Sendable { case namespace, pod, container, unit, pidns }

    /// The label that has to match.
    package let label: Label
    let pattern: String
    private let expression: RegularExpression

    /// Reads `label=expression`.
    ///
    /// - Throws: `Problem` for another label and for what is no regular expression.
    package init(_ text: String) throws(Problem) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let label = Label(rawValue: String(parts[0])) else {
        throw Problem(
          "write label=regex, with one of the labels \(Label.allCases.map(\.rawValue).joined(separator: ", "))"
        )
      }
      self.label = label
      pattern = String(parts[1])
      do {
        expression = try RegularExpression(pattern)
      } catch {
        throw Problem("\(error)")
      }
    }

    func matches(_ names: Container.Names, inum: UInt32) -> Bool {
      let value =
        switch label {
        case .namespace: names.namespace
        case .pod: names.pod
        case .container: names.container
        case .unit: names.unit
        case .pidns: String(inum)
        }
      return expression.matches(value)
    }

    /// Returns whether both rules have the same text.
    package static func == (left: Self, right: Self) -> Bool {
      left.label == right.label && left.pattern == right.pattern
    }
  }

  /// Why a text is not a rule.
  package struct Problem: Error, CustomStringConvertible {
    /// The reason.
    package let description: String

    init(_ description: String) { self.description = description }
  }

  private let include: [Rule]
  private let exclude: [Rule]

  /// Sets rules; without any everything is shown.
  package init(include: [Rule] = [], exclude: [Rule] = []) {
    self.include = include
    self.exclude = exclude
  }

  func shows(_ names: Container.Names, inum: UInt32) -> Bool {
    guard include.isEmpty || include.contains(where: { $0.matches(names, inum: inum) }) else { return false }
    return !exclude.contains { $0.matches(names, inum: inum) }
  }
}
