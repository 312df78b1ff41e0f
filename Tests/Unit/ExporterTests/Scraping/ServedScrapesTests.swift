// SPDX-License-Identifier: Apache-2.0

import Probe
import Containers
import Exposition
import Harness
import Platform
import MetricsHTTP
import TestSupport
import Testing

@testable import Exporter
@testable import Namespaces

/// Scrapes through the real server, while polls continue.
@Suite struct ServedScrapesTests {
  private let publications = PublicationStore()
  private let scrapers = Scrapers(retention: .seconds(3600))

  private func serve() throws -> HTTPServer {
    try HTTPServer(
      addresses: [#require(ListenAddress("127.0.0.1:0"))],
      routes: Routes.all(
        telemetryPath: "/metrics", hasStatusPage: false, publications: publications, scrapers: scrapers,
        rule: ScraperRule()
      ),
      // A page of six megabytes takes more than the usual minute with a sanitizer.
      limits: HTTPServer.Limits(responseTimeout: .seconds(3600)))
  }

  private static func headers(_ scraper: String) -> [String] {
    ["User-Agent: \(scraper)", "X-Prometheus-Scrape-Timeout-Seconds: 10"]
  }

  /// A scraper and the pages that it has seen.
  private struct Client {
    let number: Int
    var model = ScraperModel()

    var headers: [String] { ServedScrapesTests.headers("scraper \(number)") }

    /// Scrapes once. Sometimes it requests only the head, or a page only if it has changed.
    mutating func scrape(port: UInt16, _ random: inout SeededGenerator) throws {
      let other = Int.random(in: 0..<4, using: &random)
      if other == 0 {
        #expect(try HTTP.exchange(port: port, "HEAD /metrics HTTP/1.1", headers: headers).status == 200)
      }
      let conditions =
        other == 1 ? ["If-None-Match: *", "If-Modified-Since: Tue, 19 Jan 2038 03:14:07 GMT"] : []
      let reply = try HTTP.exchange(port: port, "GET /metrics HTTP/1.1", headers: headers + conditions)
      // Never 304: the exporter would count a page as seen that the scraper did not get.
      #expect(reply.status == 200)
      try model.read(reply.body, isKnown: true)
    }
  }

  @Test(
    "Concurrent scrapers during polls: no counter decreases, each starts at 0, no sample is missing or duplicate",
    arguments: 0..<3 as Range<UInt64>)
  func concurrent(seed: UInt64) async throws {
    let server = try serve()
    let port = server.boundAddresses[0].port
    var host = RandomHost(level: .pidns, retention: .seconds(3600))
    var random = SeededGenerator(seed: seed)
    publications.put(host.poll(scraped: .none))
    var clients = try await withThrowingTaskGroup(of: Client.self) { group in
      for number in 0..<4 {
        group.addTask {
          var client = Client(number: number)
          var random = SeededGenerator(seed: seed * 4 + UInt64(number))
          for _ in 0..<60 {
            try client.scrape(port: port, &random)
            await Task.yield()
          }
          return client
        }
      }
      for _ in 0..<200 {
        host.step(&random)
        publications.put(host.poll(scraped: scrapers.records(at: .now).polls))
        await Task.yield()
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    // Until all series have names; then one scrape with the last lines at 0, and one with their values.
    for _ in 0..<10 {
      host.step(&random, isQuiet: true)
      publications.put(host.poll(scraped: scrapers.records(at: .now).polls))
    }
    let truth = host.truth.execs + host.truth.signalDeaths
    for index in clients.indices {
      for _ in 0..<2 { try clients[index].scrape(port: port, &random) }
      let model = clients[index].model
      let seen = model.baseline.values.reduce(0, +) + model.increase.values.reduce(0, +)
      #expect(seen == truth, "seed \(seed), scraper \(clients[index].number)")
    }
    #expect(scrapers.counts.known == clients.count)
    server.close()
  }

  /// The snapshot of a poll with a number: namespaces with long names, the first of them older than the others.
  private static func publication(_ number: Int, namespaces: Int) -> PublishedSnapshot {
    var snapshot = Snapshot()
    snapshot.number = number
    snapshot.newestBirth = number
    // The longest possible name: each byte is two on the page.
    let name = String(repeating: "\\", count: 256)
    let names = Container.Names(namespace: name, pod: name, container: name)
    snapshot.series = (0..<namespaces).map { index in
      Snapshot.Series(
        SeriesKey(names, inum: UInt32(index), at: .pidns),
        events: EventCounts(ProcessCounts(execs: 9)),
        births: Births(series: index == 0 ? 1 : number), isLive: true)
    }
    return PublishedSnapshot(
      snapshot, features: FeatureSet(collectors: [], showsLifetimesPerNamespace: false))
  }

  @Test(
    "An incomplete response and a HEAD do not count as seen; browsers see current values"
  )
  func notSeen() throws {
    let server = try serve()
    let port = server.boundAddresses[0].port
    func execs(_ headers: [String]) throws -> [String] {
      let reply = try HTTP.exchange(port: port, "GET /metrics HTTP/1.1", headers: headers)
      return reply.body.split(separator: "\n").filter { $0.hasPrefix("pidns_process_execs_total{") }.map {
        String($0.suffix(2))
      }
    }
    let scraper = Self.headers("scraper")
    publications.put(Self.publication(1, namespaces: 1))
    #expect(try execs(scraper) == [" 9"])
    publications.put(Self.publication(2, namespaces: 1000))
    let head = try HTTP.exchange(port: port, "HEAD /metrics HTTP/1.1", headers: scraper)
    // More than fits into the socket buffers.
    #expect(try #require(Int(head["Content-Length"] ?? "")) > 6 << 20)
    for _ in 0..<3 { try HTTP.abandon(port: port, "GET /metrics HTTP/1.1", headers: scraper) }
    #expect(try execs([]) == Array(repeating: " 9", count: 1000))
    #expect(try execs(scraper) == [" 9"] + Array(repeating: " 0", count: 999))
    #expect(try execs(scraper) == Array(repeating: " 9", count: 1000))
    #expect(scrapers.counts.known == 1)
    server.close()
  }
}
