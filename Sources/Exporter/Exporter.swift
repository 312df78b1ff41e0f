// SPDX-License-Identifier: Apache-2.0

package import Logging
package import MetricsHTTP
import Namespaces
import Platform
import Probe
import StatusPage
import WebConfig

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
  /// What there is to show.
  private let features: FeatureSet
  /// nil where there is no status page.
  private var recorder: Recorder?
  /// nil where there is no web configuration.
  private var webConfig: RunningWebConfig?
  private let labelCache = LabelCache()
  private var healthLogger = PollHealthLogger()
  private let logger: Logger

  /// The addresses that are served, with the real port if any free one was requested.
  package var addresses: [ListenAddress] { server.boundAddresses }

  /// Listens, loads and attaches, gives up what is not needed any more, and then serves. After this returns, every event
  /// is counted; scrapes are answered with 503 until the first poll, and wait before this returns.
  ///
  /// - Throws: `ExporterError` for the first step that fails; nothing stays open or attached then.
  package init(_ configuration: Configuration, logger: Logger) throws(ExporterError) {
    Memory.returnLargeBlocks()
    let board = RenderedSnapshotStore()
    let scrapers =
      configuration.holdsFirstSamples
      ? Scrapers(
        retention: configuration.counting.limits.retention, hasState: configuration.counting.stateFile != nil)
      : nil
    let webFile = try Self.readWebConfig(configuration)
    let sockets = try Self.listen(configuration)
    var configured = configuration.counting
    configured.confinement?.files = webFile?.files ?? []
    configured.confinement?.sockets = configuration.listenAddresses.compactMap(\.socketPath)
    let counting = try CounterPipeline(configured, logger: logger)
    if let ledger = counting.restored?.ledger, let records = counting.restored?.scrapers {
      scrapers?.restore(records, poll: ledger.poll, lag: ledger.saveInterval)
    }
    // Their threads are confined, because they start after the pipeline has confined this one.
    let webConfig = webFile.map { file in
      RunningWebConfig(
        file, openPaths: Set(Routes.healthPaths.map { configuration.paths.prefix + $0 }), logger: logger)
    }
    let server = try Self.serve(sockets, configuration, webConfig, board, scrapers, logger)
    self.server = server
    self.board = board
    self.scrapers = scrapers
    self.logger = logger
    self.webConfig = webConfig
    var features = counting.features
    features.holdsFirstSamples = scrapers != nil
    features.hasWebConfig = webConfig != nil
    features.isPinned = configuration.counting.stateFile != nil
    features.writesCreated = configuration.writesCreated
    self.features = features
    recorder =
      configuration.hasStatusPage ? Recorder(showsTasks: features.collectors.contains(.tasks)) : nil
    self.counting = counting
  }

  /// Reads the kernel once, for the next scrapes. Before the first success there is nothing to
  /// show.
  package mutating func poll() {
    webConfig?.reloadIfChanged()
    let records = scrapers?.records(at: .now) ?? ScraperRecords()
    var snapshot = counting.poller.poll(scrapers: records)
    if counting.poller.hasSaved { scrapers?.markSaved(records) }
    healthLogger.look(at: snapshot, logger)
    guard snapshot.number > 0 else { return }
    if let scrapers { snapshot.scrapers = scrapers.counts }
    let history = recorder?.record(snapshot)
    let isFirst = board.publication == nil
    board.put(
      RenderedSnapshot(
        snapshot, features: features, history: history, traffic: server.traffic, web: webConfig?.status,
        labelCache: labelCache))
    if isFirst { Memory.releaseStart() }
  }

  /// Saves the state, for the process that continues the counts. Without pins, does nothing.
  package mutating func save() { counting.poller.save(scrapers?.records(at: .now) ?? ScraperRecords()) }

  private static func readWebConfig(_ configuration: Configuration) throws(ExporterError) -> WebConfigFile? {
    guard let path = configuration.webConfigFile else { return nil }
    do {
      return try WebConfigFile(path, now: .now)
    } catch {
      throw ExporterError(error.description)
    }
  }

  private static func systemdSockets() throws(ExporterError) -> [Int32] {
    let sockets = SystemdSockets.take()
    guard !sockets.isEmpty else {
      throw ExporterError(
        "--web.systemd-socket: systemd has passed no socket; start the .socket unit, or remove the flag")
    }
    guard sockets.allSatisfy(SystemdSockets.isListening) else {
      throw ExporterError(
        "--web.systemd-socket: a passed descriptor is not a socket that listens; write ListenStream= and Accept=no in the .socket unit"
      )
    }
    return sockets
  }

  private static func listen(_ configuration: Configuration) throws(ExporterError) -> BoundSockets {
    let inherited = configuration.usesSystemdSockets ? try systemdSockets() : []
    do {
      return try BoundSockets(
        configuration.usesSystemdSockets ? [] : configuration.listenAddresses,
        access: configuration.socketAccess, inherited: inherited)
    } catch {
      throw ExporterError(error.description)
    }
  }

  private static func serve(
    _ sockets: BoundSockets, _ configuration: Configuration, _ webConfig: RunningWebConfig?,
    _ board: RenderedSnapshotStore,
    _ scrapers: Scrapers?, _ logger: Logger
  ) throws(ExporterError) -> HTTPServer {
    do {
      return try HTTPServer(
        sockets, door: webConfig?.guardian.door() ?? FrontDoor(),
        routes: Routes.all(
          telemetryPath: configuration.telemetryPath, hasStatusPage: configuration.hasStatusPage,
          board: board, scrapers: scrapers, rule: configuration.scraperRule, paths: configuration.paths),
        limits: configuration.webLimits, onRefusal: RefusalLogger(logger: logger).log,
        log: { logger.debug("libmicrohttpd", metadata: ["said": "\($0)"]) })
    } catch {
      throw ExporterError(error.description)
    }
  }
}
