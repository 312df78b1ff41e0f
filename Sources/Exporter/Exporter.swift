// SPDX-License-Identifier: Apache-2.0

internal import BPFKit
internal import Containers
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
  private let scope: Scope
  private let podWatch: RunningPodWatch?
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
    let collectors = configuration.kernel.collectors.subtracting(kernel.unavailable.keys)
    logger.info(
      "Counting",
      metadata: [
        "exit_detection": "\(kernel.exitDetection.rawValue)",
        "programs_per_event": "\(kernel.attempts)",
        "map_entries": "\(configuration.kernel.mapEntries)",
        "map_allocation": kernel.allocatesOnDemand ? "on-demand" : "at-start",
        "collectors": "\(collectors.map(\.rawValue).sorted().joined(separator: ","))",
      ])
    for (collector, reason) in kernel.unavailable.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      logger.warning(
        "This kernel does not have a collector; the rest goes on",
        metadata: ["collector": "\(collector.rawValue)", "error": "\(reason)"])
    }
    if !kernel.readsIdentities {
      logger.warning(
        "This kernel forbids to read its memory by address (lockdown), and with it the names of containers; the rest goes on"
      )
    }
    scope = Scope(
      collectors: collectors, showsLifetimesPerNamespace: configuration.showsLifetimesPerNamespace,
      level: configuration.labelling.level, watchesPods: configuration.kubernetes != nil)
    podWatch = configuration.kubernetes.map {
      RunningPodWatch($0, retention: configuration.limits.retention, logger)
    }
    self.logger = logger
    self.server = server
    self.board = board
    poller = Poller(
      kernel: kernel, limits: configuration.limits, labelling: configuration.labelling,
      naming: Naming(pods: podWatch?.pods, local: configuration.localNames))
  }

  /// Reads the kernel once, and has the next scrapes show it. Until that has succeeded once there is
  /// nothing to show.
  public mutating func poll() {
    let snapshot = poller.poll()
    watch.look(at: snapshot, logger)
    guard snapshot.failure == nil || board.publication != nil else { return }
    podWatch?.pods.expire(at: .now)
    let state = State(
      scope: scope, snapshot: snapshot, process: .read(), kubernetes: podWatch?.state)
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
      return try KernelCounters(configuration.kernel)
    } catch {
      throw ExporterError(error)
    }
  }
}
