// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An exporter that answers at a port of the loopback address, whatever runs it.
package protocol ServedExporter: AnyObject {
  var port: UInt16 { get }

  /// GETs a path.
  func get(_ path: String) throws -> (status: Int, body: String)
}

extension ServedExporter {
  /// A snapshot whose poll and whose walk over the tasks began after this call: it holds all that has
  /// happened by now.
  package func scrape() throws -> Scrape {
    let now = Date().timeIntervalSince1970
    var scrape = try scrapeLast()
    try eventually("the exporter polls") {
      scrape = try scrapeLast()
      return try scrape.pollStart > now && scrape["pidns_last_task_walk_timestamp_seconds"] > now
    }
    return scrape
  }

  /// A snapshot, and the node's totals of a poll before it: between these and its own are its other counts, whatever
  /// happens on the machine meanwhile. A poll reads the node's totals last.
  package func bracketedScrape() throws -> (before: Counts, scrape: Scrape) {
    let before = try scrape().node
    return (before, try scrape())
  }

  /// The last snapshot, whenever it was taken.
  package func scrapeLast() throws -> Scrape {
    let (status, body) = try get("/metrics")
    guard status == 200 else { throw TestFailure("/metrics answers \(status)") }
    return try Scrape(body)
  }
}
