// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An exporter that listens on a port of the loopback address.
package protocol ServedExporter: AnyObject {
  var port: UInt16 { get }

  /// GETs a path.
  func get(_ path: String) throws -> (status: Int, body: String)
}

extension ServedExporter {
  /// Returns a snapshot whose poll and task scan started after this call, so it includes all earlier
  /// events.
  package func scrape() throws -> Scrape {
    let now = Date().timeIntervalSince1970
    var scrape = try scrapeLast()
    try eventually("the exporter polls") {
      scrape = try scrapeLast()
      return try scrape.pollStart > now && scrape["pidns_last_task_walk_timestamp_seconds"] > now
    }
    return scrape
  }

  /// Returns a snapshot, and the node totals of an earlier poll. All counts of the snapshot are between those totals and its own,
  /// whatever else happens on the machine, because a poll reads the node totals last.
  package func bracketedScrape() throws -> (before: Counts, scrape: Scrape) {
    let before = try scrape().node
    return (before, try scrape())
  }

  /// Returns the last snapshot.
  package func scrapeLast() throws -> Scrape {
    let (status, body) = try get("/metrics")
    guard status == 200 else { throw TestFailure("/metrics answers \(status)") }
    return try Scrape(body)
  }
}
