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

/// What is known of all scrapers at one moment.
package struct ScraperRecords: Equatable, Sendable {
  /// A scraper.
  package struct Scraper: Equatable, Sendable {
    package var address: String
    package var userAgent: String
    package var accept: String
    package var families: [String]
    /// The poll of its last response.
    package var poll: Int
    /// When that was sent.
    package var time: ContinuousClock.Instant

    package init(
      address: String, userAgent: String, accept: String, families: [String], poll: Int,
      time: ContinuousClock.Instant
    ) {
      self.address = address
      self.userAgent = userAgent
      self.accept = accept
      self.families = families
      self.poll = poll
      self.time = time
    }
  }

  /// The least recently answered first.
  package var scrapers: [Scraper] = []
  package var polls = ScrapedPolls.none
  package var heldSamples: UInt64 = 0
  /// Whether a scraper has come, or has seen lines, since the last records that were saved.
  package var areNew = false

  /// Nobody scrapes.
  package init() {}

  mutating func code(_ archive: inout StateArchive) throws(StateError) {
    let blank = Scraper(address: "", userAgent: "", accept: "", families: [], poll: 0, time: .now)
    try archive.code(&scrapers, blank: blank) { archive, scraper throws(StateError) in
      try archive.code(&scraper.address)
      try archive.code(&scraper.userAgent)
      try archive.code(&scraper.accept)
      try archive.code(&scraper.families, blank: "") { archive, family throws(StateError) in
        try archive.code(&family)
      }
      try archive.code(&scraper.poll)
      try archive.code(&scraper.time)
    }
    try archive.code(&heldSamples)
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
