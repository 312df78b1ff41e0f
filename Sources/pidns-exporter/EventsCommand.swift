// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Logging
import Platform
import Probe
import ProcessEvents
import Terminal

extension EventStream: EventSource {}

/// The command `events`: shows single events until a signal or a limit ends it.
struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-exporter events",
    abstract: "Shows single process events as they happen, with the process and its container.",
    discussion: """
      Runs with or without a running exporter: it loads its own BPF programs, and removes them when it exits. \
      Requires the privileges of the exporter. It reports the number of events that the kernel had no room for.
      """)

  @OptionGroup(title: "Events") var flags: EventFlags
  @OptionGroup(title: "Kubernetes") var kubernetes: KubernetesFlags
  @OptionGroup(title: "Names of Docker's and podman's containers") var localNames: LocalNameFlags
  @OptionGroup(title: "Rarely needed") var namespaces: ScopeFlags
  @OptionGroup(title: "Rarely needed") var confinement: ConfinementFlags

  @Option(
    name: .customLong("log.level"),
    help: ArgumentHelp("Lowest level of messages to log to stderr.", valueName: "level"))
  var logLevel = LogLevel.warn

  @Option(
    name: .customLong("bpf.exit-detection"),
    help: ArgumentHelp("For tests: as of the exporter.", visibility: .hidden))
  var exitDetection: KernelCounters.ExitDetection?

  @Flag(
    name: .customLong("bpf.count-in-attempts"), inversion: .prefixedNo,
    help: ArgumentHelp("For tests: as of the exporter.", visibility: .hidden))
  var countsInAttempts: Bool?

  func validate() throws {
    guard flags.pods.isEmpty || kubernetes.isConfigured else {
      throw ValidationError(
        "--pod needs --kubernetes or --kubernetes.kubeconfig: the API server knows the names of pods")
    }
  }

  func run() throws {
    let logger = LogFormat.logfmt.logger(level: logLevel.level)
    localNames.warn(logger)
    confinement.warn(logger)
    // The C library reads the time zone once, for which there is no permission later.
    _ = Clock.local(epochSeconds: 0)
    // Must precede the threads of a pod watch, which inherit the signal mask.
    let signals = StopSignals()
    let stream = try EventStream(
      EventStream.Configuration(
        kernel: KernelEvents.Configuration(
          bufferBytes: flags.ringBufferBytes, forks: flags.showsForks, oomKills: flags.showsOOMKills,
          arguments: flags.showsArguments, exitDetection: exitDetection,
          countsInAttempts: countsInAttempts), kubernetes: kubernetes.watchedNode(),
        localNames: localNames.names, scope: namespaces.scope, confinement: confinement.rule), logger: logger)
    logger.info("showing events")
    let isTerminal = Terminal.isTerminal(Terminal.stdout)
    var session = EventSession(
      stream, flags.sessionOptions,
      writer: flags.writer(
        size: Terminal.size(of: Terminal.stdout), isTerminal: isTerminal, environment: Environment.variables),
      output: StandardOutputWriter(),
      stop: .init(descriptor: signals.descriptor()) { _ = signals.wait(until: .now) },
      report: { StandardError.write(line: $0) })
    do {
      try session.run()
    } catch let error as EventOutputError {
      throw ExporterError(error.description)
    }
  }
}
