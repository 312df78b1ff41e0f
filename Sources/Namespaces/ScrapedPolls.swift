// SPDX-License-Identifier: Apache-2.0

/// The numbers of the polls that the known scrapers were sent.
package struct ScrapedPolls: Equatable, Sendable {
  /// The lowest number of all scrapers' last responses: all scrapers have seen the end of earlier series.
  package let oldest: Int
  /// The highest number that any scraper was sent, or is being sent. No scraper has seen a later series.
  package let newest: Int

  /// Without a scraper.
  package static let none = ScrapedPolls(oldest: .max, newest: 0)

  /// With these numbers.
  package init(oldest: Int, newest: Int) {
    self.oldest = oldest
    self.newest = newest
  }
}

/// Counts about the scrapers that the exporter remembers.
package struct ScraperCounts: Equatable, Sendable {
  /// How many there are.
  package var known = 0
  /// Samples that were shown at 0 to a scraper because their series was new to it.
  package var heldSamples: UInt64 = 0

  /// Counts none.
  package init() {}
}
