// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// Scrapes an exporter at known times between its polls, so that polls and scrapes are measured separately.
struct PolledScrapes {
  /// The measurements of a number of simultaneous clients.
  struct Result {
    let clients: Int
    /// Whether it was the first scrape after a poll.
    let isFresh: Bool
    /// The server's total CPU time, in µs.
    var cpu: [Double] = []
    /// The time from the first request to the last byte of the last response, in µs.
    var wall: [Double] = []
  }

  private let server: Server
  private let interval: Duration
  private let client: HTTPConnection
  private let compressedClient: HTTPConnection
  let series: Int
  let bodyBytes: Int

  init(server: Server, interval: Duration) throws {
    self.server = server
    self.interval = interval
    client = try server.connect()
    compressedClient = try server.connect(isCompressed: true)
    bodyBytes = try client.get().bodyBytes
    series = client.series
  }

  /// Returns the CPU time of one poll: the median of windows of eight polls each, without scrapes.
  func pollCPU(windows: Int) throws -> Duration {
    let polls = 8
    let each = try (0..<windows).map { _ in
      try waitForPoll(and: interval / 2)
      let start = (time: ContinuousClock.now, cpu: server.cpu.now)
      sleep(until: start.time + interval * polls)
      return (server.cpu.now - start.cpu) / polls
    }
    return .nanoseconds(Int64(each.map { $0 / .nanoseconds(1) }.median))
  }

  /// Scrapes after polls: the first scrape of a snapshot, then repeated ones.
  ///
  /// - Returns: A result for each number of clients, fresh and repeated; and the durations of the polls, in
  ///   ms.
  func scrapes(rounds: Int, clients: [Int]) throws -> (results: [Result], pollTimes: [Double]) {
    let connections = try (0..<(clients.max() ?? 1)).map { _ in try server.connect() }
    var results = clients.flatMap {
      [Result(clients: $0, isFresh: true), Result(clients: $0, isFresh: false)]
    }
    var pollTimes: [Double] = []
    for _ in 0..<rounds {
      for (index, number) in clients.enumerated() {
        let before = try waitForPoll(and: interval / 5)
        let fresh = try scrape(connections[..<number])
        let poll = try lastPoll(connections[0])
        pollTimes.append(try connections[0].value("pidns_poll_duration_seconds") * 1e3)
        let seen = try scrape(connections[..<number])
        // Skips the measurement if a poll came between, or none did.
        guard poll > before, try lastPoll(connections[0]) == poll else { continue }
        results[2 * index].cpu.append(fresh.cpu)
        results[2 * index].wall.append(fresh.wall)
        results[2 * index + 1].cpu.append(seen.cpu)
        results[2 * index + 1].wall.append(seen.wall)
      }
    }
    return (results, pollTimes)
  }

  /// The CPU time of one poll and of scrapes after it, in µs.
  struct Cycle {
    let poll: Double
    /// The first scrape.
    let fresh: Double
    /// The same again.
    let seen: Double
    /// The first in OpenMetrics with gzip.
    let compressed: Double
  }

  /// Measures one poll and two scrapes. Returns nil if something else happened meanwhile.
  ///
  /// - Parameter change: What happens between the poll before and this one.
  func cycle(_ change: () throws -> Void = {}) throws -> Cycle? {
    let before = try waitForPoll(and: interval / 5)
    let start = (time: ContinuousClock.now, cpu: server.cpu.now)
    try change()
    sleep(until: start.time + interval)
    let poll = (server.cpu.now - start.cpu).microseconds
    let fresh = try scrape([client][...]).cpu
    let end = try lastPoll(client)
    let seen = try scrape([client][...]).cpu
    let polls = (end - before) / (interval / .seconds(1))
    let compressed = try scrape([compressedClient][...]).cpu
    _ = try client.get()
    guard polls > 1.5, polls < 2.5, try lastPoll(client) == end else { return nil }
    return Cycle(poll: poll, fresh: fresh, seen: seen, compressed: compressed)
  }

  /// Returns the cost of simultaneous scrapes, in µs.
  func scrape(_ connections: ArraySlice<HTTPConnection>) throws -> (cpu: Double, wall: Double) {
    let cpu = server.cpu.now
    let start = ContinuousClock.now
    for connection in connections { connection.request() }
    for connection in connections { _ = try connection.receive() }
    let wall = start.duration(to: .now)
    // Includes the server's work after its last byte.
    _ = usleep(3_000)
    return ((server.cpu.now - cpu).microseconds, wall.microseconds)
  }

  /// Waits until some time after the end of the next poll. Returns the end of the poll before it.
  @discardableResult
  func waitForPoll(and offset: Duration) throws -> Double {
    _ = try client.get()
    let poll = try lastPoll(client)
    let since = Duration.seconds(Clock.epochSeconds - poll)
    sleep(until: .now + (interval + offset - since))
    return poll
  }

  private func lastPoll(_ connection: HTTPConnection) throws -> Double {
    try connection.value("pidns_last_poll_timestamp_seconds")
  }
}
