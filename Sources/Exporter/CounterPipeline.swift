// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
package import Logging
import Namespaces
import Platform
import Probe

/// The counting part of the exporter, without the HTTP server: BPF programs, poller, names.
///
/// Used only by the polling thread, which calls `poll`. When it is destroyed, nothing stays attached in the
/// kernel.
package struct CounterPipeline: ~Copyable {
  private let logger: Logger
  private let scope: FeatureSet
  private let podWatch: RunningPodWatch?
  private var poller: Poller
  private var watch = PollHealthLogger()
  private var hasSucceeded = false
  /// When counting began, in seconds since the epoch.
  private let start: Double

  /// Loads and attaches. After this returns, every event is counted.
  ///
  /// - Throws: `ExporterError` if this machine lacks a requirement; nothing stays attached then.
  package init(_ configuration: Configuration, logger: Logger) throws(ExporterError) {
    var configuration = configuration
    configuration.kernel.outermost = try Requirements.check(configuration.scope)
    // Before the first event is counted.
    let start = Clock.epochSeconds
    let kernel = try Self.load(configuration)
    let collectors = configuration.kernel.collectors.subtracting(kernel.unavailable.keys)
    logger.info(
      "counting",
      metadata: [
        "exit_detection": "\(kernel.exitDetection.rawValue)",
        "programs_per_event": "\(kernel.attempts)",
        "map_entries": "\(configuration.kernel.mapEntries)",
        "map_allocation": kernel.allocatesOnDemand ? "on-demand" : "at-start",
        "collectors": "\(collectors.map(\.rawValue).sorted().joined(separator: ","))",
        "scope":
          "\(configuration.kernel.outermost == nil ? NamespaceScope.host.rawValue : NamespaceScope.own.rawValue)",
      ])
    for (collector, reason) in kernel.unavailable.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      logger.warning(
        "collector not supported by this kernel; continuing without it",
        metadata: ["collector": "\(collector.rawValue)", "error": "\(reason)"])
    }
    if !kernel.readsIdentities {
      logger.warning(
        "kernel lockdown forbids reading memory by address; containers have no names, counts are complete; boot without lockdown=confidentiality to have names"
      )
    }
    scope = FeatureSet(
      collectors: collectors, showsLifetimesPerNamespace: configuration.showsLifetimesPerNamespace,
      level: configuration.labelling.level, watchesPods: configuration.kubernetes != nil)
    podWatch = configuration.kubernetes.map {
      RunningPodWatch($0, retention: configuration.limits.retention, logger)
    }
    self.logger = logger
    self.start = start
    poller = Poller(
      kernel: kernel, start: start, limits: configuration.limits, labelling: configuration.labelling,
      naming: ContainerResolver(pods: podWatch?.pods, local: configuration.localNames))
  }

  /// Reads the kernel once, and returns the metrics in the text format; nil before the first success. After a
  /// failure, these are the metrics of the last good read, with `pidns_up` 0.
  package mutating func exposition() -> [UInt8]? {
    poll().map { Catalogue.render($0, as: .text) }
  }

  /// Reads the kernel once; nil before the first success.
  ///
  /// - Parameter scraped: Which polls scrapers have been answered with.
  mutating func poll(scraped: ScrapedPolls = .none) -> State? {
    let snapshot = poller.poll(scraped: scraped)
    watch.look(at: snapshot, logger)
    guard snapshot.failure == nil || hasSucceeded else { return nil }
    hasSucceeded = true
    podWatch?.pods.expire(at: .now)
    return State(
      scope: scope, snapshot: snapshot, process: .read(boot: snapshot.boot), start: start,
      kubernetes: podWatch?.state)
  }

  private static func load(_ configuration: Configuration) throws(ExporterError) -> KernelCounters {
    do {
      return try KernelCounters(configuration.kernel)
    } catch {
      throw ExporterError(error)
    }
  }
}
