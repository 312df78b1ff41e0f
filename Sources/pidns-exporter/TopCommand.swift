// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import LiveView
import Logging
import Namespaces
import Platform
import Probe
import Terminal
import Text
import Top

extension Column: ExpressibleByArgument {}

/// Shows the namespaces in a table, by what an exporter says or, where none runs here, by the kernel itself.
struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-exporter top",
    abstract: "Shows the PID namespaces in a table, busiest first, and keeps it up to date.",
    discussion: """
      Reads the exporter at --url. Without that flag: the one on this host or, where none listens, the kernel, \
      which needs the privileges of the exporter.
      """)

  static let defaultURL = "http://localhost:10059/metrics"

  @Option(
    help: ArgumentHelp("Metrics of the exporter to read (default: \(Self.defaultURL)).", valueName: "url"))
  var url: String?

  @Option(help: ArgumentHelp("How often to read.", valueName: "duration"))
  var interval = PromDuration(.seconds(2))

  @Option(help: ArgumentHelp("Column to sort by.", valueName: "column"))
  var sort = Column.exec

  @Option(help: ArgumentHelp("Show only what has this in a name.", valueName: "text"))
  var filter = ""

  @Flag(help: "Print the table once, after one interval, and end: for scripts.")
  var once = false

  @Option(help: ArgumentHelp("With --once: print so many rows at the most.", valueName: "rows"))
  var limit: Int?

  // Shared with `Serve`, for a reading of the kernel.
  @OptionGroup var namespaces: ScopeFlags
  @OptionGroup(title: "Names, where the kernel is read") var names: NameFlags
  @OptionGroup(title: "Names, where the kernel is read") var localNames: LocalNameFlags
  @OptionGroup(title: "Kubernetes, where the kernel is read") var kubernetes: KubernetesFlags

  func validate() throws {
    if let url {
      guard Self.isAddress(url) else {
        throw ValidationError("--url '\(url.printable)' is no URL such as \(Self.defaultURL)")
      }
    }
    guard interval.duration >= .milliseconds(100) else {
      throw ValidationError("--interval has to be 100ms at least")
    }
    guard limit == nil || once else { throw ValidationError("--limit needs --once") }
    guard limit.map({ $0 > 0 }) ?? true else { throw ValidationError("--limit has to be 1 at least") }
    guard once || Terminal.isTerminal(0) && Terminal.isTerminal(1) else {
      throw ValidationError("top needs a terminal for its screen; give --once for a table without")
    }
  }

  /// Runs until a key, a signal, or the end of the terminal; with --once until the table is out.
  func run() throws {
    // Before there are other threads, which inherit what is blocked.
    var events = TerminalEvents(input: once ? nil : 0)
    var session = try TopSession(self, &events)
    if once {
      guard Terminal.write(Array(try session.tableOnce(&events).utf8), to: 1) else {
        throw ExporterError("cannot write the table to stdout")
      }
    } else {
      session.run(&events)
    }
  }

  /// Whether that is a URL of HTTP with a host, and if any a port that there can be. None with a user's name and password, which
  /// would be shown.
  static func isAddress(_ url: String) -> Bool {
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
    return url.wholeMatch(of: /https?:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:([0-9]{1,5}))?([\/?].*)?/)
      .map { match in match.3.map { UInt16($0).map { $0 > 0 } ?? false } ?? true } ?? false
  }

  /// What counts, for a reading of the kernel. Nothing is held back until it has a name: who looks sees all.
  func counting() throws -> CounterPipeline {
    try CounterPipeline(
      CounterPipeline.Configuration(
        kernel: KernelCounters.Configuration(mapEntries: 10_240, collectors: [.tasks], keepsExemplars: false),
        limits: Ledger.Limits(series: 10_240, retention: .seconds(60)),
        labelling: SeriesLabels(
          level: names.labelling.level, grace: .zero, selection: names.labelling.selection),
        kubernetes: kubernetes.watchedNode(), localNames: localNames.names,
        scope: namespaces.scope),
      logger: LogFormat.logfmt.logger(level: .critical))
  }
}
