// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Limits, and how scrapers are answered: rarely changed.
struct TuningFlags: ParsableArguments {
  @Option(
    name: .customLong("namespaces.max"),
    help: ArgumentHelp(
      "PID namespaces that are exposed at one time, retained ones included (default: 10240).",
      valueName: "number"),
    transform: WholeNumber.parse(like: "10240"))
  var maxNamespaces = 10_240

  @Option(
    name: .customLong("bpf.map-entries"),
    help: ArgumentHelp(
      "PID namespaces that the kernel's map has room for; events of others are only in the node's totals (default: 10240).",
      valueName: "number"), transform: WholeNumber.parse(like: "10240"))
  var mapEntries: UInt32 = 10_240

  @Flag(
    name: .customLong("exemplars"), inversion: .prefixedNo,
    help: "Show the latest process of execs, exits, signal deaths and OOM kills, in OpenMetrics.")
  var exemplars = true

  @Flag(
    name: .customLong("scrape.start-at-zero"), inversion: .prefixedNo,
    help:
      "Show a new series to each scraper at 0 first, so that increase() includes its first events; people see each value as it is."
  )
  var startsAtZero = true

  @Option(
    name: .customLong("scrape.user-agent"),
    help: ArgumentHelp(
      "Prefix of the User-Agent of another scraper, beside Prometheus, vmagent, Datadog and Telegraf; may be given several times.",
      valueName: "prefix"))
  var scraperUserAgents: [String] = []

  @Flag(
    name: .customLong("openmetrics.created"), inversion: .prefixedNo,
    help:
      "Add _created series to OpenMetrics, with the time when each counter began; a Prometheus without start timestamps stores them."
  )
  var writesCreated = false

  func validate() throws {
    guard !scraperUserAgents.contains("") else {
      throw ValidationError(
        "--scrape.user-agent is empty, which every client begins with: write a prefix such as MyScraper/")
    }
    guard (1...Int(Self.namespaceLimit)).contains(maxNamespaces) else {
      throw ValidationError("--namespaces.max has to be \(Self.namespaceRange)")
    }
    guard (1...Self.namespaceLimit).contains(mapEntries) else {
      throw ValidationError("--bpf.map-entries has to be \(Self.namespaceRange)")
    }
  }

  /// A PID namespace has a process, and Linux has no more pids: PID_MAX_LIMIT in include/linux/threads.h. The kernel needs a
  /// second to allocate maps of so many entries, and a minute for a hundred million.
  private static let namespaceLimit: UInt32 = 4_194_304
  private static var namespaceRange: String {
    "from 1 to \(namespaceLimit): each namespace has a process, and Linux has no more pids"
  }
}
