// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The exporter itself, as it is shipped, on a free port of the loopback address.
package final class RunningExporter {
  package let child: Child
  package let port: UInt16

  /// Starts it and waits until it is ready.
  ///
  /// - Parameter wrapper: A command in front of the program, such as `setpriv …`.
  package convenience init(_ flags: String..., wrapper: [String] = []) throws {
    try self.init(flags, wrapper: wrapper)
  }

  package init(_ flags: [String], wrapper: [String] = []) throws {
    let own = [
      "--web.listen-address=127.0.0.1:0", "--poll.interval=100ms", "--labels.grace=0", "--log.format=json",
    ]
    let command = wrapper + [Built.exporter.path()] + own + flags
    child = try Child(command[0], Array(command.dropFirst()))
    port = try Self.port(of: child)
    try eventually("the exporter is ready") { try get("/-/ready").status == 200 }
  }

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
    let deadline = Date().addingTimeInterval(60)
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

  /// GETs a path.
  package func get(_ path: String) throws -> (status: Int, body: String) {
    do {
      let reply = try HTTP.exchange(port: port, "GET \(path) HTTP/1.0")
      return (reply.status, reply.body)
    } catch  where !child.isRunning {
      throw TestFailure("\(error); the exporter has ended with \(child.wait()): \(child.stderr)")
    }
  }

  /// Ends it by SIGTERM, and answers its exit status.
  @discardableResult
  package func stop() -> Int32 {
    child.signal(SIGTERM)
    return child.wait()
  }

  private static func port(of child: Child) throws -> UInt16 {
    struct Line: Decodable {
      let msg: String
      let address: String?
    }
    let deadline = Date().addingTimeInterval(60)
    while Date() < deadline {
      for line in child.stderr.split(separator: "\n") {
        guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
          line.msg == "Listening", let port = line.address?.split(separator: ":").last
        else { continue }
        return UInt16(port) ?? 0
      }
      if kill(child.pid, 0) != 0 { break }
      usleep(10_000)
    }
    throw TestFailure("the exporter does not listen: \(child.stderr)")
  }
}
