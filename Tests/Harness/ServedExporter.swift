// SPDX-License-Identifier: Apache-2.0

internal import Foundation

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

  /// A snapshot during which nothing happened on the whole node, so that its parts agree to the event.
  ///
  /// The node's totals are read at the end of a poll. Where two polls in a row read the same ones,
  /// nothing happened between them, and so nothing while the second one read the namespaces.
  package func quietScrape() throws -> Scrape {
    var before = try scrape()
    let deadline = Date().addingTimeInterval(300)
    while Date() < deadline {
      let after = try scrape()
      if try before.node == after.node { return after }
      before = after
    }
    throw TestFailure("the node is never quiet")
  }

  /// The last snapshot, whenever it was taken.
  package func scrapeLast() throws -> Scrape {
    let (status, body) = try get("/metrics")
    guard status == 200 else { throw TestFailure("/metrics answers \(status)") }
    return try Scrape(body)
  }
}
