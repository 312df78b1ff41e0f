// SPDX-License-Identifier: Apache-2.0

import Platform
package import Probe

/// The number of the poll that first showed each line of a series.
///
/// A scraper whose last response was an earlier poll has not seen the line yet.
package struct Births: Equatable, Sendable {
  /// The first poll that showed the series.
  package private(set) var series: Int
  /// The first polls that showed a detail, for details that are younger than the series.
  private var details: [CounterKey: Int] = [:]
  /// The latest of all.
  package private(set) var newest: Int

  /// Records the start of a series.
  package init(series: Int) {
    self.series = series
    newest = series
  }

  /// The first poll that showed a detail.
  ///
  /// - Complexity: O(1).
  package subscript(detail: CounterKey) -> Int { details[detail] ?? series }

  mutating func code(_ archive: inout StateArchive) throws(StateError) {
    try archive.code(&series)
    try archive.code(&newest)
    try archive.code(&details, blank: (.exitCode(0), 0)) { archive, detail throws(StateError) in
      try archive.code(&detail.key)
      try archive.code(&detail.value)
    }
  }

  /// Records the first poll with a detail, unless its line exists from the start.
  mutating func add(_ detail: CounterKey, at poll: Int) {
    if case .signalDeath(let signal) = detail, Signal.common.contains(signal) { return }
    guard poll > series else { return }
    details[detail] = poll
    newest = poll
  }
}
