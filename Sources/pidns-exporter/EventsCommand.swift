// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Logging
import Platform
import Probe

/// Shows single events until somebody stops it, or has enough.
struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-exporter events",
    abstract: "Shows single events of processes as they happen, and who did it.",
    discussion: """
      Beside a running exporter or without one: it loads programs of its own, which are gone with it. Needs what \
      the exporter needs. What the kernel has no room for is counted, and said.
      """)

  @OptionGroup var flags: EventFlags
  @OptionGroup var namespaces: ScopeFlags
  @OptionGroup(title: "Names") var localNames: LocalNameFlags
  @OptionGroup(title: "Kubernetes") var kubernetes: KubernetesFlags

  @Option(
    name: .customLong("log.level"),
    help: ArgumentHelp("Least severe messages to log, to stderr.", valueName: "level"))
  var logLevel = LogLevel.warn

  @Option(
    name: .customLong("bpf.exit-detection"),
    help: ArgumentHelp("For tests: as of the exporter.", visibility: .hidden))
  var exitDetection: KernelCounters.ExitDetection?

  @Flag(
    name: .customLong("bpf.count-in-attempts"), inversion: .prefixedNo,
    help: ArgumentHelp("For tests: as of the exporter.", visibility: .hidden))
  var countsInAttempts: Bool?

  func run() throws {
    let logger = LogFormat.logfmt.logger(level: logLevel.level)
    // Before a watch of pods starts its threads, which inherit what is blocked.
    let signals = StopSignals()
    let stream = try EventStream(
      EventStream.Configuration(
        kernel: KernelEvents.Configuration(
          bufferBytes: flags.ringBufferBytes, forks: flags.showsForks, oomKills: flags.showsOOMKills,
          arguments: flags.showsArguments, exitDetection: exitDetection,
          countsInAttempts: countsInAttempts), kubernetes: kubernetes.watchedNode(),
        localNames: localNames.names, scope: namespaces.scope), logger: logger)
    logger.info("Telling of events")
    var session = EventSession(stream, flags, signals)
    try session.run()
  }
}
