// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Logging
import MetricsHTTP
import Namespaces
import Platform
import Probe

/// Counts and serves until SIGTERM or SIGINT.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-exporter",
    abstract: "Counts what the processes of every PID namespace of this host do, for Prometheus.",
    discussion: """
      Needs Linux 5.10 with BTF, CAP_BPF and CAP_PERFMON, and the host's PID namespace; in another one see \
      --namespaces.scope.

      pidns-exporter events shows single events and who did it, pidns-exporter top a live table of the namespaces; \
      see pidns-exporter events --help, pidns-exporter top --help.
      """,
    version: "pidns-exporter \(BuildInfo.summary)")

  @Option(
    name: .customLong("web.listen-address"),
    help: ArgumentHelp("Address to serve on; may be given several times.", valueName: "host:port"))
  var listenAddresses = [":10059"].compactMap { ListenAddress($0) }

  @Option(
    name: .customLong("web.telemetry-path"),
    help: ArgumentHelp("Path of the metrics.", valueName: "path"))
  var telemetryPath = "/metrics"

  @Flag(
    name: .customLong("web.ui"), inversion: .prefixedNo,
    help:
      "Show the containers on a page at /, and keep the last five minutes for it; else that is a few links.")
  var showsStatusPage = true

  @Flag(
    name: .customLong("scrape.start-at-zero"), inversion: .prefixedNo,
    help:
      "Show a series at 0 in the first answer to a scraper that has it, so that increase() sees all that happened; people see each value as it is."
  )
  var startsAtZero = true

  @Option(
    name: .customLong("scrape.user-agent"),
    help: ArgumentHelp(
      "How the User-Agent of another scraper begins, beside those of Prometheus, vmagent, Datadog and Telegraf; may be given several times.",
      valueName: "prefix"))
  var scraperUserAgents: [String] = []

  @Flag(
    name: .customLong("openmetrics.created"), inversion: .prefixedNo,
    help:
      "Show in OpenMetrics when each counter began, as _created series; a Prometheus that does not ask for start timestamps stores them."
  )
  var writesCreated = false

  @Option(
    name: .customLong("poll.interval"),
    help: ArgumentHelp(
      "How often the kernel's counts are read; a scrape shows the last ones.", valueName: "duration"))
  var pollInterval = PromDuration(.seconds(1))

  @Option(
    name: .customLong("namespaces.retention"),
    help: ArgumentHelp(
      "How long the series of a PID namespace stay after its last process is gone; 0 is for good.",
      valueName: "duration"))
  var retention = PromDuration(.seconds(300))

  @Option(
    name: .customLong("namespaces.max"),
    help: ArgumentHelp("PID namespaces exposed at one time, retained ones included.", valueName: "number"))
  var maxNamespaces = 10_240

  @OptionGroup var namespaces: ScopeFlags
  @OptionGroup(title: "Names") var names: NameFlags
  @OptionGroup(title: "Names") var localNames: LocalNameFlags
  @OptionGroup(title: "Kubernetes") var kubernetes: KubernetesFlags
  @OptionGroup(title: "Collectors") var collectors: CollectorFlags

  @Flag(
    name: .customLong("exemplars"), inversion: .prefixedNo,
    help: "Show the latest process of execs, exits, signal deaths and OOM kills, in OpenMetrics.")
  var exemplars = true

  @Option(
    name: .customLong("bpf.map-entries"),
    help: ArgumentHelp(
      "PID namespaces that the kernel's map has room for; events of further ones are only in the node totals.",
      valueName: "number"))
  var mapEntries: UInt32 = 10_240

  @Option(
    name: .customLong("log.level"),
    help: ArgumentHelp("Least severe messages to log.", valueName: "level"))
  var logLevel = LogLevel.info

  @Option(name: .customLong("log.format"), help: ArgumentHelp("How to write them.", valueName: "format"))
  var logFormat = LogFormat.logfmt

  @Option(
    name: .customLong("bpf.exit-detection"),
    help: ArgumentHelp("For tests: how exits are told apart, whatever the kernel has.", visibility: .hidden))
  var exitDetection: KernelCounters.ExitDetection?

  @Flag(
    name: .customLong("bpf.count-in-attempts"), inversion: .prefixedNo,
    help: ArgumentHelp(
      "For tests: whether each event has several programs, whatever the kernel has.", visibility: .hidden))
  var countsInAttempts: Bool?

  func validate() throws {
    guard
      telemetryPath.hasPrefix("/")
        && telemetryPath.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "?") })
    else { throw ValidationError("--web.telemetry-path '\(telemetryPath)' is not a path such as /metrics") }
    guard !Exporter.reservedPaths.contains(telemetryPath) else {
      throw ValidationError("--web.telemetry-path '\(telemetryPath)' is taken by another page")
    }
    guard !scraperUserAgents.contains("") else {
      throw ValidationError(
        "--scrape.user-agent is empty, which every client begins with: write a prefix such as MyScraper/")
    }
    guard (.milliseconds(10)...(.seconds(3600))).contains(pollInterval.duration) else {
      throw ValidationError(
        "--poll.interval has to be from 10ms to 1h: namespaces that end between two polls keep their room in the kernel's map"
      )
    }
    guard (1...Int(Self.namespaceLimit)).contains(maxNamespaces) else {
      throw ValidationError("--namespaces.max has to be \(Self.namespaceRange)")
    }
    guard (1...Self.namespaceLimit).contains(mapEntries) else {
      throw ValidationError("--bpf.map-entries has to be \(Self.namespaceRange)")
    }
  }

  /// A PID namespace has a process, and Linux has no more pids: PID_MAX_LIMIT in include/linux/threads.h. The kernel takes a
  /// second for maps of so many entries, and a minute for a hundred million.
  private static let namespaceLimit: UInt32 = 4_194_304
  private static var namespaceRange: String {
    "from 1 to \(namespaceLimit): each namespace has a process, and Linux has no more pids"
  }

  /// Runs until a signal ends it.
  func run() throws {
    let logger = logFormat.logger(level: logLevel.level)
    // Before the server starts its threads, which inherit what is blocked.
    let signals = StopSignals()
    logger.info("Starting pidns-exporter", metadata: BuildInfo.metadata)

    var exporter = try Exporter(configuration(), logger: logger)
    for address in exporter.addresses {
      logger.info("Listening", metadata: ["address": "\(address)", "path": "\(telemetryPath)"])
    }

    let clock = ContinuousClock()
    var next = clock.now
    var signal: String?
    repeat {
      exporter.poll()
      // A poll that took longer than the interval does not make the next ones come in a burst.
      next = max(next + pollInterval.duration, clock.now)
      signal = signals.wait(until: next)
    } while signal == nil
    logger.info("Stopping", metadata: ["signal": "\(signal ?? "")"])
  }

  private func configuration() throws -> Exporter.Configuration {
    try Exporter.Configuration(
      listenAddresses: listenAddresses, telemetryPath: telemetryPath, hasStatusPage: showsStatusPage,
      holdsFirstSamples: startsAtZero, scraperRule: ScraperRule(userAgents: scraperUserAgents),
      writesCreated: writesCreated,
      counting: CounterPipeline.Configuration(
        kernel: KernelCounters.Configuration(
          mapEntries: mapEntries, collectors: collectors.chosen, exitDetection: exitDetection,
          countsInAttempts: countsInAttempts, keepsExemplars: exemplars),
        limits: Ledger.Limits(
          series: maxNamespaces, retention: retention.duration == .zero ? nil : retention.duration),
        labelling: names.labelling, kubernetes: kubernetes.watchedNode(), localNames: localNames.names,
        showsLifetimesPerNamespace: collectors.lifetimesPerNamespace, scope: namespaces.scope))
  }
}
