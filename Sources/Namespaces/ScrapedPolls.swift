// SPDX-License-Identifier: Apache-2.0

/// Which polls the scrapers that are known were answered with, by the polls' numbers.
public struct ScrapedPolls: Equatable, Sendable {
  /// The lowest number of all scrapers' last answers: what has gone before it is known by all to be gone.
  public let oldest: Int
  /// The highest number that any scraper ever was, or is being, answered with: what is born after it has been seen by none.
  public let newest: Int

  /// Nobody scrapes.
  public static let none = ScrapedPolls(oldest: .max, newest: 0)

  /// Names them.
  public init(oldest: Int, newest: Int) {
    self.oldest = oldest
    self.newest = newest
  }
}
