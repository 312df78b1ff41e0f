// SPDX-License-Identifier: Apache-2.0

/// Which polls the scrapers that are known were answered with, by the polls' numbers.
package struct ScrapedPolls: Equatable, Sendable {
  /// The lowest number of all scrapers' last answers: what has gone before it is known by all to be gone.
  package let oldest: Int
  /// The highest number that any scraper ever was, or is being, answered with: what is born after it has been seen by none.
  package let newest: Int

  /// Nobody scrapes.
  package static let none = ScrapedPolls(oldest: .max, newest: 0)

  /// Names them.
  package init(oldest: Int, newest: Int) {
    self.oldest = oldest
    self.newest = newest
  }
}
