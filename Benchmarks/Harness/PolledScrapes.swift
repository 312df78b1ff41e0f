// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// Scrapes of an exporter at known times between its polls, so that what a poll costs and what a scrape
/// costs are measured apart.
struct PolledScrapes {
  /// The same number of clients that ask at once, many times.
  struct Result {
    let clients: Int
    /// Whether nobody had asked since the poll.
    let isFresh: Bool
    /// The server's CPU time in all, µs.
    var cpu: [Double] = []
    /// From the first question to the last byte of the last answer, µs.
    var wall: [Double] = []
  }

  private let server: Server
  private let interval: Duration
  private let client: HTTPConnection
  let series: Int
  let bodyBytes: Int

  init(server: Server, interval: Duration) throws {
    self.server = server
    self.interval = interval
    client = try server.connect()
    bodyBytes = try client.get().bodyBytes
    series = client.series
  }

  /// The CPU time of one poll: the median of some windows of eight polls each, without scrapes.
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

  /// Scrapes after polls: once for a snapshot that nobody saw, and then some times more.
  ///
  /// - Returns: A result for each number of clients, fresh and not; and how long the polls took, in ms.
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
        // Unless a poll came between, or none did: then it is not known what was measured.
        guard poll > before, try lastPoll(connections[0]) == poll else { continue }
        results[2 * index].cpu.append(fresh.cpu)
        results[2 * index].wall.append(fresh.wall)
        results[2 * index + 1].cpu.append(seen.cpu)
        results[2 * index + 1].wall.append(seen.wall)
      }
    }
    return (results, pollTimes)
  }

  /// What some clients that ask at once cost, in µs.
  func scrape(_ connections: ArraySlice<HTTPConnection>) throws -> (cpu: Double, wall: Double) {
    let cpu = server.cpu.now
    let start = ContinuousClock.now
    for connection in connections { connection.request() }
    for connection in connections { _ = try connection.receive() }
    let wall = start.duration(to: .now)
    // What the server does behind its last byte counts too.
    _ = usleep(3_000)
    return ((server.cpu.now - cpu).microseconds, wall.microseconds)
  }

  /// Waits until some time after the end of the next poll, and answers when the one before ended.
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
