// SPDX-License-Identifier: Apache-2.0

import Kubernetes
package import Logging
package import MetricsHTTP
import Namespaces
package import Platform
import Probe
import StatusPage
import WebConfig

/// Combines the counting part and the HTTP server.
///
/// Used only by the polling thread, which calls `poll`. The server has its own threads.
/// When it is destroyed, the server is closed and nothing stays attached in the kernel.
package struct Exporter: ~Copyable {
  private let server: HTTPServer
  private let publications: PublicationStore
  /// The known scrapers; nil if nothing is held at 0.
  private let scrapers: Scrapers?
  private var counting: CounterPipeline
  /// The features that pages show.
  private let features: FeatureSet
  /// nil without a status page.
  private var recorder: Recorder?
  /// nil without a web configuration.
  private var webConfig: RunningWebConfig?
  private let pages = PageStore()
  private var selfWatch: SelfWatch
  private var heapTrimmer = HeapTrimmer()
  private var goodPolls = 0
  private let logger: Logger

  private let curl: CurlCommand

  /// The served addresses, with the actual port if any free port was requested; and for each the command that reads
  /// the metrics there.
  package var listeners: [(address: ListenAddress, command: String)] {
    server.boundAddresses.map { ($0, curl.text(for: $0)) }
  }

  /// The polls after which memory is released that is not needed any more: what only the start needs, then what the first polls and
  /// scrapes need.
  private static let releasingPolls = [1, 10, 60]

  /// Listens, loads and attaches, drops the privileges that are no longer needed, and then serves. After this returns,
  /// every event is counted. Scrapes wait until this returns, and get 503 until the first poll.
  ///
  /// - Throws: `ExporterError` for the first step that fails; nothing stays open or attached then.
  package init(_ configuration: Configuration, logger: Logger) throws(ExporterError) {
    Memory.returnLargeBlocks()
    let publications = PublicationStore()
    let scrapers =
      configuration.holdsFirstSamples
      ? Scrapers(
        retention: configuration.counting.limits.retention, hasState: configuration.counting.stateFile != nil)
      : nil
    let webFile = try Self.readWebConfig(configuration)
    Self.warn(configuration, hasTLS: webFile?.policy.tls != nil, logger)
    let sockets = try Self.listen(configuration)
    let service = ServiceReporter.connect(logger)
    let monitor = PollingMonitor()
    var configured = configuration.counting
    configured.confinement?.files = webFile?.files ?? []
    configured.confinement?.sockets = configuration.listenAddresses.compactMap(\.socketPath)
    configured.confinement?.api = configuration.tokenReviews
    let counting = try CounterPipeline(configured, logger: logger)
    if let seen = counting.seen { scrapers?.restore(seen.records, poll: seen.poll, lag: seen.lag) }
    // Their threads are confined, because they start after the pipeline has confined this one.
    let routes = Routes.all(
      telemetryPath: configuration.telemetryPath, hasStatusPage: configuration.hasStatusPage,
      publications: publications,
      health: HealthRoute(publications: publications, monitor: monitor, logger: logger), scrapers: scrapers,
      rule: configuration.scraperRule, paths: configuration.paths)
    var webConfig: RunningWebConfig?
    if webFile != nil || configuration.tokenReviews != nil {
      webConfig = RunningWebConfig(
        webFile, paths: Routes.guarded(routes, configuration.paths), opensHealth: configuration.opensHealth,
        tokens: configuration.tokenReviews.map { TokenChecker($0) }, logger: logger)
    }
    let server = try Self.serve(sockets, configuration, webConfig, routes, logger)
    selfWatch = SelfWatch(monitor, interval: configuration.pollInterval, service: service)
    self.server = server
    curl = CurlCommand(configuration, webFile?.policy)
    self.publications = publications
    self.scrapers = scrapers
    self.logger = logger
    self.webConfig = webConfig
    var features = counting.features
    features.holdsFirstSamples = scrapers != nil
    features.hasWebConfig = webFile != nil
    features.acceptsTokens = configuration.tokenReviews != nil
    features.isPinned = configuration.counting.stateFile != nil
    features.writesCreated = configuration.writesCreated
    self.features = features
    recorder =
      configuration.hasStatusPage ? Recorder(showsTasks: features.collectors.contains(.tasks)) : nil
    self.counting = counting
  }

  // Before the server is closed, which waits for pending answers.
  deinit { webConfig?.guardian.stop() }

  /// Reads the kernel once, for the next scrapes. Before the first success, scrapes get 503.
  package mutating func poll() {
    selfWatch.heartbeat()
    webConfig?.reloadIfChanged()
    let records = scrapers?.records(at: .now) ?? ScraperRecords()
    var snapshot = counting.poller.poll(scrapers: records)
    if counting.poller.hasSaved { scrapers?.markSaved(records) }
    selfWatch.check(&snapshot, &counting.pinWatch, countsAll: counting.countsAll, logger)
    guard snapshot.number > 0 else { return }
    if let scrapers { snapshot.scrapers = scrapers.counts }
    let history = recorder?.record(snapshot)
    let traffic = server.traffic
    publications.put(
      PublishedSnapshot(
        snapshot, features: features, history: history, traffic: traffic, web: webConfig?.status,
        pages: pages))
    pages.removeUnused(at: .now)
    goodPolls += 1
    if Self.releasingPolls.contains(goodPolls) { Memory.releaseUnused() }
    heapTrimmer.update(connections: traffic.connections, trim: Memory.trimHeap)
  }

  /// Waits until a moment or a signal. Shows meanwhile that the polling thread runs.
  ///
  /// - Returns: The signal; nil at the moment.
  package mutating func wait(until next: ContinuousClock.Instant, or signals: StopSignals) -> String? {
    while true {
      if let signal = signals.wait(until: min(next, .now + selfWatch.longestPause)) { return signal }
      guard ContinuousClock.now < next else { return nil }
      selfWatch.heartbeat()
    }
  }

  /// Saves the state, for the process that continues the counts. Without pins, saves nothing.
  package mutating func stop() {
    selfWatch.stop()
    counting.poller.save(scrapers?.records(at: .now) ?? ScraperRecords())
  }

  private static func readWebConfig(_ configuration: Configuration) throws(ExporterError) -> WebConfigFile? {
    guard let path = configuration.webConfigFile else { return nil }
    do {
      return try WebConfigFile(path, now: .now)
    } catch {
      throw ExporterError(error.description)
    }
  }

  /// Logs warnings for tokens that others could read or forge.
  private static func warn(_ configuration: Configuration, hasTLS: Bool, _ logger: Logger) {
    guard let api = configuration.tokenReviews else { return }
    if !hasTLS {
      logger.warning(
        "tokens of clients are sent without encryption; add tls_server_config to --web.config.file",
        metadata: ["flag": "--web.kubernetes-auth"])
    }
    if !api.verifiesServer {
      logger.warning(
        "certificate of the API server is not verified, so another server can allow any token; set certificate-authority-data",
        metadata: ["setting": "insecure-skip-tls-verify"])
    }
  }

  private static func systemdSockets() throws(ExporterError) -> [Int32] {
    let sockets = SystemdSockets.fromEnvironment()
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
    _ routes: [String: HTTPServer.Handler], _ logger: Logger
  ) throws(ExporterError) -> HTTPServer {
    do {
      return try HTTPServer(
        sockets, door: webConfig?.guardian.door() ?? FrontDoor(),
        routes: routes, limits: configuration.webLimits, onRefusal: RefusalLogger(logger: logger).log,
        log: { logger.debug("libmicrohttpd", metadata: ["message": "\($0)"]) })
    } catch {
      throw ExporterError(error.description)
    }
  }
}
