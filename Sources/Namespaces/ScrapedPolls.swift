// SPDX-License-Identifier: Apache-2.0

/// Which polls the scrapers that are known were answered with, by the polls' numbers.
package struct ScrapedPolls: Equatable, Sendable {
  /// The lowest number of all scrapers' last responses: all scrapers have seen that earlier series are gone.
  package let oldest: Int
  /// The highest number that any scraper was, or is being, sent: no scraper has seen a later series.
  package let newest: Int

  /// Nobody scrapes.
  package static let none = ScrapedPolls(oldest: .max, newest: 0)

  /// Names them.
  package init(oldest: Int, newest: Int) {
    self.oldest = oldest
    self.newest = newest
  }
}

/// The scrapers that the exporter remembers, in numbers.
package struct ScraperCounts: Equatable, Sendable {
  /// How many there are.
  package var known = 0
  /// Samples that were shown at 0 to a scraper because their series was new to it.
  package var heldSamples: UInt64 = 0

  /// Counts none.
  package init() {}
}
