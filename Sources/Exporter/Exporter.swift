// SPDX-License-Identifier: Apache-2.0

internal import BPFKit
internal import Linux
public import Logging
public import MetricsHTTP
internal import Namespaces

/// Puts the parts together: kernel half, poller, and server.
///
/// Its thread is the polling one: it belongs to whoever calls `poll`. The server has its own threads.
/// When it goes, the server is closed and nothing stays attached in the kernel.
public struct Exporter: ~Copyable {
  private let logger: Logger
  private let server: HTTPServer
  private let board: Board
  private var poller: Poller
  private var watch = Watch()
  private var hasReleasedStart = false

  /// The addresses that are served, with the real port where any free one was asked for.
  public var addresses: [ListenAddress] { server.boundAddresses }

  /// Listens, then loads and attaches. From when this returns every event is counted; scrapes are
  /// answered with 503 until the first poll.
  ///
  /// - Throws: `ExporterError` for the first step that fails; nothing stays open or attached then.
  public init(_ configuration: Configuration, logger: Logger) throws(ExporterError) {
    try Requirements.check()
    Memory.returnLargeBlocks()
    let board = Board()
    let server = try Self.listen(configuration, board, logger)
    let kernel = try Self.load(configuration)
    logger.info(
      "Counting",
      metadata: [
        "exit_detection": "\(kernel.exitDetection.rawValue)",
        "map_entries": "\(configuration.mapEntries)",
        "map_allocation": kernel.allocatesOnDemand ? "on-demand" : "at-start",
      ])
    self.logger = logger
    self.server = server
    self.board = board
    poller = Poller(kernel: kernel, limits: configuration.limits)
  }

  /// Reads the kernel once, and has the next scrapes show it. Until that has succeeded once there is
  /// nothing to show.
  public mutating func poll() {
    let snapshot = poller.poll()
    watch.look(at: snapshot, logger)
    guard snapshot.failure == nil || board.publication != nil else { return }
    let state = State(
      snapshot: snapshot, process: .read(), time: Clock.epochSeconds)
    board.put(Publication(state))
    if !hasReleasedStart {
      hasReleasedStart = true
      Memory.releaseStart()
    }
  }

  private static func listen(
    _ configuration: Configuration, _ board: Board, _ logger: Logger
  ) throws(ExporterError) -> HTTPServer {
    do {
      return try HTTPServer(
        addresses: configuration.listenAddresses,
        routes: Routes.all(telemetryPath: configuration.telemetryPath, board: board),
        log: { logger.debug("libmicrohttpd", metadata: ["said": "\($0)"]) })
    } catch {
      throw ExporterError(error.description)
    }
  }

  private static func load(_ configuration: Configuration) throws(ExporterError) -> KernelCounters {
    do {
      return try KernelCounters(
        mapEntries: configuration.mapEntries, exitDetection: configuration.exitDetection)
    } catch {
      throw ExporterError("\(error); \(error.advice)")
    }
  }
}
