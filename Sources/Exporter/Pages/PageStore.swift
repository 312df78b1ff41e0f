// SPDX-License-Identifier: Apache-2.0

import Exposition
import Synchronization

/// Keeps the last page of each format that scrapers ask for, so that the next page takes the time of what has changed.
///
/// Shared by the threads that render, one of which works at a time, and the polling thread.
final class PageStore: Sendable {
  /// How long a page is kept for a scraper that does not return. Two scrapes at the usual intervals are closer.
  static let unusedTimeout = Duration.seconds(120)

  private let pages = Mutex<[ExpositionFormat: KeptPage]>([:])

  /// Returns the page of a snapshot: ``KeptPage/page(of:families:for:)``.
  func page(
    of published: PublishedSnapshot, as format: ExpositionFormat, families: [String],
    for view: inout FirstView
  ) -> Page {
    // Mutated in the closure: an inout parameter cannot be captured.
    var seen = view
    let page = pages.withLock {
      $0[format, default: KeptPage(format)].page(of: published, families: families, for: &seen)
    }
    view = seen
    return page
  }

  /// Drops the pages that nobody asks for. Does not wait for a thread that renders.
  func removeUnused(at now: ContinuousClock.Instant) {
    _ = pages.withLockIfAvailable { pages in
      pages = pages.filter { now - $0.value.lastUse < Self.unusedTimeout }
    }
  }
}
