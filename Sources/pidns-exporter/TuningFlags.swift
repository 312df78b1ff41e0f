// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Flags for limits and responses that rarely change.
struct TuningFlags: ParsableArguments {
  @Option(
    name: .customLong("namespaces.max"),
    help: ArgumentHelp(
      "Maximum number of PID namespaces that are exposed at one time, including retained ones, and units and containers inside them (default: 10240).",
      valueName: "number"),
    transform: WholeNumber.parse(like: "10240"))
  var maxNamespaces = 10_240

  @Option(
    name: .customLong("bpf.map-entries"),
    help: ArgumentHelp(
      "Maximum number of PID namespaces in the kernel's map; events of others are only in the node's totals (default: 10240).",
      valueName: "number"), transform: WholeNumber.parse(like: "10240"))
  var mapEntries: UInt32 = 10_240

  @Option(
    name: .customLong("cgroups.max"),
    help: ArgumentHelp(
      "Maximum number of cgroups that are counted apart from their PID namespace: half in the host's namespace, a sixteenth in each other one. Processes in further cgroups are counted with their namespace (default: 2048).",
      valueName: "number"), transform: WholeNumber.parse(like: "2048"))
  var maxCgroups: UInt32 = 2048

  @Flag(
    name: .customLong("exemplars"), inversion: .prefixedNo,
    help:
      "Add exemplars to OpenMetrics: the latest process that the counters of execs, exits, signal deaths and OOM kills counted."
  )
  var exemplars = true

  @Flag(
    name: .customLong("scrape.start-at-zero"), inversion: .prefixedNo,
    help:
      "Show a new series to each scraper at 0 first, so that increase() includes its first events; other clients always get the actual values."
  )
  var startsAtZero = true

  @Option(
    name: .customLong("scrape.user-agent"),
    help: ArgumentHelp(
      "Prefix of the User-Agent of another scraper, in addition to Prometheus, vmagent, Datadog and Telegraf; may be given several times.",
      valueName: "prefix"))
  var scraperUserAgents: [String] = []

  @Flag(
    name: .customLong("openmetrics.created"), inversion: .prefixedNo,
    help:
      "Add _created series to OpenMetrics, with the start time of each counter; Prometheus stores them as further series unless it reads start timestamps."
  )
  var writesCreated = false

  func validate() throws {
    guard !scraperUserAgents.contains("") else {
      throw ValidationError(
        "--scrape.user-agent is empty and would match every client: write a prefix such as MyScraper/")
    }
    guard (1...Int(Self.namespaceLimit)).contains(maxNamespaces) else {
      throw ValidationError("--namespaces.max has to be \(Self.namespaceRange): write 10240")
    }
    guard (16...Self.namespaceLimit).contains(maxCgroups) else {
      throw ValidationError(
        "--cgroups.max has to be from 16 to \(Self.namespaceLimit), because a namespace gets a sixteenth of it: write 2048"
      )
    }
    guard (1...Self.namespaceLimit).contains(mapEntries) else {
      throw ValidationError("--bpf.map-entries has to be \(Self.namespaceRange): write 10240")
    }
  }

  /// Every PID namespace has a process, and Linux has no more PIDs: PID_MAX_LIMIT in include/linux/threads.h. The
  /// kernel needs a second to allocate maps of this size, and a minute for a hundred million entries.
  private static let namespaceLimit: UInt32 = 4_194_304
  private static var namespaceRange: String {
    "from 1 to \(namespaceLimit), because each namespace has a process and Linux has no more pids"
  }
}
