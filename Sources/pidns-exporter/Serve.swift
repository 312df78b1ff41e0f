// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Logging
import MetricsHTTP
import Namespaces
import Platform
import Probe

/// The command `serve`: counts and serves metrics until SIGTERM or SIGINT.
struct Serve: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-exporter",
    abstract:
      "Counts what happens to the processes of each container (PID namespace), and serves it to Prometheus.",
    discussion: """
      Commands: events prints single events, top shows a live table of the containers, check-config checks \
      --web.config.file, unpin removes pinned programs. Their flags: pidns-exporter COMMAND --help.

      Requires Linux 5.10 or later with BTF, CAP_BPF and CAP_PERFMON, and the host's PID namespace. In another PID \
      namespace, see --namespaces.scope.
      """,
    version: "pidns-exporter \(BuildInfo.summary)")

  // The order of --help: common flags first.
  @OptionGroup(title: "Serving") var web: WebFlags
  @OptionGroup(title: "Counting") var polls: PollFlags
  @OptionGroup(title: "Counting") var namespaces: ScopeFlags
  @OptionGroup(title: "Kubernetes") var kubernetes: KubernetesFlags
  @OptionGroup(title: "Names of Docker's and podman's containers") var localNames: LocalNameFlags
  @OptionGroup(title: "Series") var names: NameFlags
  @OptionGroup(title: "Collectors") var collectors: CollectorFlags
  @OptionGroup(title: "Restarts") var pins: PinFlags
  @OptionGroup(title: "Logging") var logs: LogFlags
  @OptionGroup(title: "Rarely needed") var webLimits: WebLimitFlags
  @OptionGroup(title: "Rarely needed") var tuning: TuningFlags
  @OptionGroup(title: "Rarely needed") var confinement: ConfinementFlags

  @Option(
    name: .customLong("bpf.exit-detection"),
    help: ArgumentHelp("For tests: how exits are distinguished, on any kernel.", visibility: .hidden))
  var exitDetection: KernelCounters.ExitDetection?

  @Flag(
    name: .customLong("bpf.count-in-attempts"), inversion: .prefixedNo,
    help: ArgumentHelp(
      "For tests: whether each event has several programs, on any kernel.", visibility: .hidden))
  var countsInAttempts: Bool?

  /// Runs until a signal arrives.
  func run() throws {
    let logger = logs.logger
    // Must precede the threads of the server, which inherit the signal mask.
    let signals = StopSignals()
    logger.info("starting pidns-exporter", metadata: BuildInfo.metadata)
    webLimits.warn(logger)
    localNames.warn(logger)
    confinement.warn(logger)
    names.warn(logger, hasPodNames: kubernetes.isConfigured)

    var exporter = try Exporter(configuration(), logger: logger)
    for (address, command) in exporter.listeners {
      logger.info(
        "listening",
        metadata: [
          "address": "\(address)", "command": "\(command)", "path": "\(web.paths.prefix)\(web.telemetryPath)",
        ])
    }

    let clock = ContinuousClock()
    var next = clock.now
    var signal: String?
    repeat {
      exporter.poll()
      // If a poll needed more than the interval, skip the missed ones.
      next = max(next + polls.interval.duration, clock.now)
      signal = exporter.wait(until: next, or: signals)
    } while signal == nil
    exporter.stop()
    logger.info("stopping", metadata: ["signal": "\(signal ?? "")"])
  }

  private func configuration() throws -> Exporter.Configuration {
    try Exporter.Configuration(
      listenAddresses: web.listenAddresses, socketAccess: web.socketAccess,
      usesSystemdSockets: web.usesSystemdSockets, paths: web.paths, webConfigFile: web.configFile,
      opensHealth: web.opensHealth,
      tokenReviews: web.checksTokens ? kubernetes.server() : nil, telemetryPath: web.telemetryPath,
      webLimits: webLimits.limits,
      hasStatusPage: web.showsStatusPage, holdsFirstSamples: tuning.startsAtZero,
      scraperRule: ScraperRule(userAgents: tuning.scraperUserAgents), writesCreated: tuning.writesCreated,
      pollInterval: polls.interval.duration,
      counting: CounterPipeline.Configuration(
        kernel: KernelCounters.Configuration(
          mapEntries: tuning.mapEntries, collectors: collectors.chosen, exitDetection: exitDetection,
          countsInAttempts: countsInAttempts, keepsExemplars: tuning.exemplars, split: namespaces.split,
          parts: tuning.maxCgroups),
        limits: Ledger.Limits(
          series: tuning.maxNamespaces,
          retention: polls.retention.duration == .zero ? nil : polls.retention.duration),
        labelling: names.labelling, kubernetes: kubernetes.watchedNode(), localNames: localNames.names,
        showsLifetimesPerNamespace: collectors.lifetimesPerNamespace, scope: namespaces.scope,
        confinement: confinement.rule, pinFolder: pins.folder, stateFile: pins.stateFile))
  }
}
