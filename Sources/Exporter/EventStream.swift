// SPDX-License-Identifier: Apache-2.0

package import Containers
import Kubernetes
import LibBPF
package import Logging
import Platform
package import Probe

/// Combines the parts that show single events: the BPF programs, and the names of containers.
///
/// Used by one thread only. When it is destroyed, nothing stays attached in the kernel.
package struct EventStream: ~Copyable {
  /// The configuration of the stream.
  package struct Configuration: Sendable {
    /// The events that the BPF programs emit.
    package var kernel: KernelEvents.Configuration
    /// The API server for names of pods; nil for none.
    package var kubernetes: CounterPipeline.Node?
    /// The files with names of containers outside Kubernetes; nil for none.
    package var localNames: LocalNames?
    /// The PID namespaces to include.
    package var scope: NamespaceScope
    /// What the process keeps after the start; nil for everything.
    package var confinement: ConfinementRule?

    package init(
      kernel: KernelEvents.Configuration, kubernetes: CounterPipeline.Node?, localNames: LocalNames?,
      scope: NamespaceScope = .host, confinement: ConfinementRule? = nil
    ) {
      self.scope = scope
      self.confinement = confinement
      self.kernel = kernel
      self.kubernetes = kubernetes
      self.localNames = localNames
    }
  }

  private var kernel: KernelEvents
  private let podWatch: RunningPodWatch?
  /// The watch ends when it is released.
  private let nameWatch: LocalNameWatch?
  private var containers: EventContainers
  private var boot = BootEpoch(tolerance: .milliseconds(1))
  /// The time of the newest event that was read, in nanoseconds since boot; nil before the first.
  package private(set) var lastTime: UInt64?

  /// Loads and attaches. Then it waits until the node's pods are known, at most five seconds. Events of that time are
  /// kept in the ring buffer.
  ///
  /// - Throws: `ExporterError` for the first step that fails; nothing stays attached then.
  package init(_ configuration: Configuration, logger: Logger) throws(ExporterError) {
    var configuration = configuration
    configuration.kernel.outermost = try Requirements.check(configuration.scope)
    let kernel = try Self.load(configuration.kernel)
    if !kernel.readsIdentities { logger.warning("\(Self.lockdown)") }
    // Before the threads of the watches, which inherit what is left.
    configuration.confinement?.confine(configuration.kubernetes, configuration.localNames, logger) {
      kernel.isReadable
    }
    let podWatch = configuration.kubernetes.map { RunningPodWatch($0, retention: .seconds(300), logger) }
    podWatch?.waitForList(until: .now + .seconds(5))
    self.kernel = kernel
    self.podWatch = podWatch
    nameWatch = configuration.localNames.flatMap { LocalNameWatch($0) }
    containers = EventContainers(
      ContainerResolver(pods: podWatch?.pods, local: configuration.localNames, showsIDs: true))
  }

  private static let lockdown =
    "kernel lockdown forbids reading memory by address; events have no container names, files or arguments; boot without lockdown=confidentiality to have them"

  private static func load(_ configuration: KernelEvents.Configuration) throws(ExporterError) -> KernelEvents
  {
    let kernel: KernelEvents
    do {
      kernel = try KernelEvents(configuration)
    } catch {
      throw ExporterError(error)
    }
    if let reason = kernel.oomKillsUnavailable {
      throw ExporterError("this kernel does not report OOM kills: \(reason); run without --oom")
    }
    return kernel
  }

  /// How often to poll for events.
  package static let interval = KernelEvents.interval

  /// Becomes readable when there are many events, before the next poll is due.
  package var descriptor: Int32 { kernel.descriptor }

  /// Reads the oldest events. Returns an empty list only if there are none.
  package mutating func drain() throws(ExporterError) -> [ProcessEvent] {
    boot.update()
    let events = try attempt { kernel throws(BPFError) in try kernel.drain() }
    lastTime = events.last?.time ?? lastTime
    return events
  }

  /// The number of events that were dropped so far, because there was no room.
  package mutating func dropped() throws(ExporterError) -> UInt64 {
    try attempt { kernel throws(BPFError) in try kernel.dropped() }
  }

  /// An event whose programs the kernel skipped; nil if there is none.
  package mutating func skippedProgram() throws(ExporterError) -> String? {
    try attempt { kernel throws(BPFError) in try kernel.programStatuses().skippedEvent }
  }

  /// Returns the known fields of an event's container and unit. Reads the kernel once for each part of a namespace.
  package mutating func container(of event: ProcessEvent) -> Container {
    containers.container(
      of: event.part, at: event.time, hasNewInit: event.isExecOfInit,
      identity: { try? kernel.identity(of: $0) }, cgroup: { try? kernel.cgroup(of: $0) })
  }

  /// Converts a time since boot to a time since the epoch, in nanoseconds.
  package func epochTime(of time: UInt64) -> Int64 { boot.nanoseconds &+ Int64(clamping: time) }

  /// Stops the events.
  package mutating func detach() { kernel.detach() }

  private mutating func attempt<Value>(
    _ operation: (inout KernelEvents) throws(BPFError) -> Value
  ) throws(ExporterError) -> Value {
    do {
      return try operation(&kernel)
    } catch {
      throw ExporterError(error)
    }
  }
}

extension ProcessEvent {
  /// Whether it is an exec of its namespace's init: then a runtime has moved the init into its cgroup.
  fileprivate var isExecOfInit: Bool {
    if case .exec = action { inside.pid == 1 } else { false }
  }
}
