// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import LiveView
import Logging
import Namespaces
import Platform
import Probe
import StatusPage
import Terminal
import Text
import Top
import WebConfig

extension Column: ExpressibleByArgument {}

/// Shares the pipeline with the closure that reads it.
private final class CountedKernel {
  private var pipeline: CounterPipeline

  init(_ pipeline: consuming CounterPipeline) { self.pipeline = pipeline }

  /// Reads the kernel; returns nil before the first success.
  func read() -> Sample? {
    let snapshot = pipeline.poller.poll()
    return snapshot.number > 0 ? Sample(snapshot, showsTasks: true) : nil
  }
}

/// The command `top`: shows PID namespaces in a table, from an exporter or, if none runs here, from the
/// kernel.
struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-exporter top",
    abstract: "Shows a live table of the containers (PID namespaces), busiest first.",
    discussion: """
      Reads the exporter at --url or --unix-socket. Without these flags, it reads the exporter on this host. If none \
      listens there, it reads the kernel, which requires the privileges of the exporter.
      """)

  static let defaultURL = "http://localhost:10059/metrics"

  @OptionGroup(title: "Table") var table: TableFlags

  // The flags of `serve` for reading the kernel.
  @OptionGroup(title: "If no exporter runs: Kubernetes") var kubernetes: KubernetesFlags
  @OptionGroup(title: "If no exporter runs: names of Docker's and podman's containers")
  var localNames: LocalNameFlags
  @OptionGroup(title: "If no exporter runs: series") var names: NameFlags
  @OptionGroup(title: "If no exporter runs: series") var namespaces: ScopeFlags

  func validate() throws {
    guard table.once || Terminal.isTerminal(0) && Terminal.isTerminal(1) else {
      throw ValidationError(
        "top needs a terminal for its screen: run it in one, or give --once to print the table")
    }
  }

  /// Runs until a key or a signal ends it, or the terminal closes. With --once, until the table is printed.
  func run() throws {
    // Must precede other threads, which inherit the signal mask.
    var events = TerminalEvents(input: table.once ? nil : 0)
    do {
      try run(&events)
    } catch let error as TopError {
      throw ExporterError(error.description)
    }
  }

  private func run(_ events: inout TerminalEvents) throws {
    let client = ExpositionClient(
      url: table.url ?? Self.defaultURL, client: try clientConfiguration(), unixSocket: table.unixSocket)
    var session = try TopSession(options, client: client, openKernel: kernelReader, &events)
    if table.once {
      let width = Terminal.isTerminal(1) ? Terminal.size(of: 1)?.columns : nil
      guard Terminal.write(Array(try session.tableOnce(&events, width: width).utf8), to: 1) else {
        throw ExporterError("cannot write the table to stdout: check its pipe, file or disk")
      }
    } else {
      var screen = TerminalScreen()
      session.run(&events, on: &screen)
    }
  }

  private func clientConfiguration() throws -> ClientConfiguration {
    guard let file = table.clientFile else { return ClientConfiguration() }
    do {
      return try ClientConfiguration(reading: file)
    } catch {
      throw ExporterError("--http.config.file: \(error.description)")
    }
  }

  private var options: TopSession.Options {
    TopSession.Options(
      // Only an exporter has a socket or requires what is in the file, so the kernel is not read instead.
      url: table.url ?? (table.unixSocket != nil || table.clientFile != nil ? Self.defaultURL : nil),
      defaultURL: Self.defaultURL, interval: table.interval.duration,
      intervalText: table.interval.description, order: Order(table.sort), filter: table.filter,
      limit: table.limit)
  }

  private func kernelReader() throws -> TopSession.KernelReader {
    do {
      let kernel = CountedKernel(try counting())
      return { kernel.read() }
    } catch let error as ExporterError {
      throw ExporterError(
        "no exporter listens at \(Self.defaultURL), and the kernel cannot be read: \(error)")
    }
  }

  /// Returns whether text is an HTTP or HTTPS URL with a host and a valid port, if any. Rejects URLs with
  /// credentials, which would be displayed.
  static func isAddress(_ url: String) -> Bool {
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
    return url.wholeMatch(of: /https?:\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:([0-9]{1,5}))?([\/?].*)?/)
      .map { match in match.3.map { UInt16($0).map { $0 > 0 } ?? false } ?? true } ?? false
  }

  /// Returns a pipeline that reads the kernel. It shows namespaces at once, before their names are known.
  func counting() throws -> CounterPipeline {
    let logger = LogFormat.logfmt.logger(level: .warning)
    localNames.warn(logger)
    names.warn(logger, hasPodNames: kubernetes.isConfigured)
    return try CounterPipeline(
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
