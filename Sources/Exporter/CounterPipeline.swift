// SPDX-License-Identifier: Apache-2.0

import Containers
package import Logging
package import Namespaces
import Platform
import Probe

/// The counting part of the exporter, without the HTTP server: BPF programs, poller, names.
///
/// Used only by the polling thread. When it is destroyed, the pod watch ends, and nothing stays attached in the
/// kernel.
package struct CounterPipeline: ~Copyable {
  /// The features that pages show.
  let features: FeatureSet
  /// Reads the kernel.
  package var poller: Poller
  /// What scrapers have seen of an earlier process, its last poll, and the longest time between that and its end; nil if
  /// this one begins anew. Without the ledger, which would be in memory twice.
  let seen: (records: ScraperRecords, poll: Int, lag: Duration)?
  /// Watches the pins; nil without.
  var pinWatch: PinWatch?
  /// Whether the counts include all of the machine.
  let countsAll: Bool
  /// Holds the lock of the folder of pins.
  private let pins: PinFolder?
  /// Follows the files of Docker and podman until the pipeline is destroyed.
  private let nameWatch: LocalNameWatch?

  /// Loads and attaches. After this returns, every event is counted.
  ///
  /// - Throws: `ExporterError` if this machine lacks a requirement. Nothing stays attached then, except pinned programs.
  package init(_ configuration: Configuration, logger: Logger) throws(ExporterError) {
    var configuration = configuration
    configuration.kernel.outermost = try Requirements.check(configuration.scope)
    // Before the first event is counted.
    var start = Clock.epochSeconds
    let pins = try Self.openPins(configuration)
    let stateFile = try Self.openStateFile(configuration)
    var kernel = try Self.load(configuration, pins)
    let change: KernelCounters.Change
    let origin: KernelCounters.Origin
    let pinWatch: PinWatch?
    do {
      change = try Self.takeOver(&kernel, pins)
      origin = try kernel.origin()
      pinWatch = try Self.watch(pins, of: kernel)
    } catch {
      throw ExporterError(error)
    }
    let boot = Clock.bootNanoseconds
    if origin.isInherited { start = Double(boot + Int64(clamping: origin.loaded)) / 1e9 }
    let collectors = configuration.kernel.collectors.subtracting(kernel.unavailable.keys)
    Self.log(kernel, configuration, collectors, isInherited: origin.isInherited, logger)
    // Names that will never come are not waited for.
    let labelling =
      kernel.readsIdentities
      ? configuration.labelling
      : SeriesLabels(
        level: configuration.labelling.level, grace: .zero, selection: configuration.labelling.selection)
    let empty = Ledger(limits: configuration.limits, labelling: labelling, boot: boot, start: start)
    var state = Self.store(stateFile, of: origin.map, configuration.labelling.level)
    let restored = try Self.restore(
      empty, &state, pins, change, isInherited: origin.isInherited,
      name: Self.names(configuration), logger)
    configuration.confinement?.writtenFolder = Self.folder(of: state)
    features = FeatureSet(
      collectors: collectors, showsLifetimesPerNamespace: configuration.showsLifetimesPerNamespace,
      level: configuration.labelling.level, watchesPods: configuration.kubernetes != nil)
    // Before the threads of the watches, which inherit the remaining privileges.
    configuration.confinement?.confine(configuration.kubernetes, configuration.localNames, logger) {
      kernel.isReadable
    }
    let podWatch = configuration.kubernetes.map {
      RunningPodWatch($0, retention: configuration.limits.retention, logger)
    }
    // Not read from self: Swift 6.3 would destroy the poller before it is initialized.
    let nameWatch = Self.watchNames(configuration, logger)
    self.nameWatch = nameWatch
    self.pins = pins
    self.pinWatch = pinWatch
    countsAll = configuration.kernel.outermost == nil
    seen = restored.map { ($0.scrapers, $0.ledger.poll, $0.ledger.saveInterval) }
    poller = Poller(
      kernel: kernel, ledger: restored?.ledger ?? empty, state: state,
      naming: ContainerResolver(pods: podWatch?.pods, local: configuration.localNames),
      podWatch: podWatch.map { podWatch in { podWatch.update() } })
  }

  private static func openPins(_ configuration: Configuration) throws(ExporterError) -> PinFolder? {
    guard let path = configuration.pinFolder else { return nil }
    do {
      return try PinFolder(path)
    } catch {
      throw ExporterError(error)
    }
  }

  private static func load(
    _ configuration: Configuration, _ pins: borrowing PinFolder?
  ) throws(ExporterError) -> KernelCounters {
    do {
      return try KernelCounters(configuration.kernel, pins: pins)
    } catch {
      throw ExporterError(error)
    }
  }
}
