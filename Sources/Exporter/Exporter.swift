// SPDX-License-Identifier: Apache-2.0

package import Logging
package import MetricsHTTP
import Namespaces
import Platform

/// Combines the counting part and the HTTP server.
///
/// Used only by the polling thread, which calls `poll`. The server has its own threads.
/// When it is destroyed, the server is closed and nothing stays attached in the kernel.
package struct Exporter: ~Copyable {
  private let server: HTTPServer
  private let board: RenderedSnapshotStore
  /// The known scrapers; nil if nothing is held at 0.
  private let scrapers: Scrapers?
  private var counting: CounterPipeline
  private let writesCreated: Bool
  /// nil where there is no status page.
  private var recorder: Recorder?

  /// The addresses that are served, with the real port if any free one was requested.
  package var addresses: [ListenAddress] { server.boundAddresses }

  /// Listens, then loads and attaches. After this returns, every event is counted; scrapes are
  /// answered with 503 until the first poll.
  ///
  /// - Throws: `ExporterError` for the first step that fails; nothing stays open or attached then.
  package init(_ configuration: Configuration, logger: Logger) throws(ExporterError) {
    Memory.returnLargeBlocks()
    let board = RenderedSnapshotStore()
    let scrapers =
      configuration.holdsFirstSamples ? Scrapers(retention: configuration.counting.limits.retention) : nil
    let server = try Self.listen(configuration, board, scrapers, logger)
    let counting = try CounterPipeline(configuration.counting, logger: logger)
    self.server = server
    self.board = board
    self.scrapers = scrapers
    self.counting = counting
    writesCreated = configuration.writesCreated
    recorder = configuration.hasStatusPage ? Recorder() : nil
  }

  /// Reads the kernel once, for the next scrapes. Before the first success there is nothing to
  /// show.
  package mutating func poll() {
    guard var state = counting.poll(scraped: scrapers?.polls(at: .now) ?? .none) else { return }
    if let scrapers {
      state.scope.holdsFirstSamples = true
      state.scrapers = scrapers.status
    }
    state.scope.writesCreated = writesCreated
    state.recent = recorder?.record(state)
    let isFirst = board.publication == nil
    board.put(RenderedSnapshot(state))
    if isFirst { Memory.releaseStart() }
  }

  private static func listen(
    _ configuration: Configuration, _ board: RenderedSnapshotStore, _ scrapers: Scrapers?, _ logger: Logger
  ) throws(ExporterError) -> HTTPServer {
    do {
      return try HTTPServer(
        addresses: configuration.listenAddresses,
        routes: Routes.all(
          telemetryPath: configuration.telemetryPath, hasStatusPage: configuration.hasStatusPage,
          board: board,
          scrapers: scrapers, rule: configuration.scraperRule),
        log: { logger.debug("libmicrohttpd", metadata: ["said": "\($0)"]) })
    } catch {
      throw ExporterError(error.description)
    }
  }
}
