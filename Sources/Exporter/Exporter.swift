// SPDX-License-Identifier: Apache-2.0

internal import Linux
public import Logging
public import MetricsHTTP

/// Puts the parts together: what counts, and what serves it.
///
/// Its thread is the polling one: it belongs to whoever calls `poll`. The server has its own threads.
/// When it goes, the server is closed and nothing stays attached in the kernel.
public struct Exporter: ~Copyable {
  private let server: HTTPServer
  private let board: Board
  private var counting: Counting
  /// nil where there is no status page.
  private var recorder: Recorder?

  /// The addresses that are served, with the real port where any free one was asked for.
  public var addresses: [ListenAddress] { server.boundAddresses }

  /// Listens, then loads and attaches. From when this returns every event is counted; scrapes are
  /// answered with 503 until the first poll.
  ///
  /// - Throws: `ExporterError` for the first step that fails; nothing stays open or attached then.
  public init(_ configuration: Configuration, logger: Logger) throws(ExporterError) {
    Memory.returnLargeBlocks()
    let board = Board()
    let server = try Self.listen(configuration, board, logger)
    let counting = try Counting(configuration.counting, logger: logger)
    self.server = server
    self.board = board
    self.counting = counting
    recorder = configuration.hasStatusPage ? Recorder() : nil
  }

  /// Reads the kernel once, and has the next scrapes show it. Until that has succeeded once there is
  /// nothing to show.
  public mutating func poll() {
    guard var state = counting.poll() else { return }
    state.recent = recorder?.take(state)
    let isFirst = board.publication == nil
    board.put(Publication(state))
    if isFirst { Memory.releaseStart() }
  }

  private static func listen(
    _ configuration: Configuration, _ board: Board, _ logger: Logger
  ) throws(ExporterError) -> HTTPServer {
    do {
      return try HTTPServer(
        addresses: configuration.listenAddresses,
        routes: Routes.all(
          telemetryPath: configuration.telemetryPath, hasStatusPage: configuration.hasStatusPage, board: board
        ),
        log: { logger.debug("libmicrohttpd", metadata: ["said": "\($0)"]) })
    } catch {
      throw ExporterError(error.description)
    }
  }
}
