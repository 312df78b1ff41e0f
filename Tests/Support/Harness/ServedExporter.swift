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
    var last: Scrape?
    try eventually("the exporter polls") {
      let (status, body) = try get("/metrics")
      // Too many requests of this machine's clients wait for a large page.
      guard status != 429 else { return false }
      let scrape = try Scrape(status: status, body)
      last = scrape
      return try scrape.pollStart > now && scrape["pidns_last_task_walk_timestamp_seconds"] > now
    }
    guard let last else { throw TestFailure("no scrape") }
    return last
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
    return try Scrape(status: status, body)
  }
}

extension Scrape {
  fileprivate init(status: Int, _ body: String) throws {
    guard status == 200 else { throw TestFailure("/metrics answers \(status)") }
    try self.init(body)
  }
}
