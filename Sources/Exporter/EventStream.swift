// SPDX-License-Identifier: Apache-2.0

package import Containers
import Kubernetes
import LibBPF
package import Logging
import Platform
package import Probe

/// Combines the parts that show single events: the BPF programs, and the names of containers.
///
/// Belongs to one thread. When it is destroyed, nothing stays attached in the kernel.
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

    package init(
      kernel: KernelEvents.Configuration, kubernetes: CounterPipeline.Node?, localNames: LocalNames?,
      scope: NamespaceScope = .host
    ) {
      self.scope = scope
      self.kernel = kernel
      self.kubernetes = kubernetes
      self.localNames = localNames
    }
  }

  private var kernel: KernelEvents
  private let podWatch: RunningPodWatch?
  private var containers: EventContainers
  private var boot = BootEpoch(tolerance: .milliseconds(1))
  /// The time of the newest event that was read, in nanoseconds since boot; nil before the first.
  package private(set) var lastTime: UInt64?

  /// Waits at most five seconds until the node's pods are known, then loads and attaches.
  ///
  /// - Throws: `ExporterError` for the first step that fails; nothing stays attached then.
  package init(_ configuration: Configuration, logger: Logger) throws(ExporterError) {
    var configuration = configuration
    configuration.kernel.outermost = try Requirements.check(configuration.scope)
    let podWatch = configuration.kubernetes.map { RunningPodWatch($0, retention: .seconds(300), logger) }
    podWatch?.waitForList(until: .now + .seconds(5))
    kernel = try Self.load(configuration.kernel)
    if !kernel.readsIdentities { logger.warning("\(Self.lockdown)") }
    self.podWatch = podWatch
    containers = EventContainers(ContainerResolver(pods: podWatch?.pods, local: configuration.localNames))
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

  /// Reads the oldest events; none only if there are none.
  package mutating func drain() throws(ExporterError) -> [ProcessEvent] {
    boot.update()
    let events = try attempt { kernel throws(BPFError) in try kernel.drain() }
    lastTime = events.last?.time ?? lastTime
    return events
  }

  /// Events for which there was no room, so far.
  package mutating func dropped() throws(ExporterError) -> UInt64 {
    try attempt { kernel throws(BPFError) in try kernel.dropped() }
  }

  /// A program of which the kernel skipped runs; nil where there is none.
  package mutating func skippedProgram() throws(ExporterError) -> String? {
    try attempt { kernel throws(BPFError) in try kernel.programStatuses().skippedEvent }
  }

  /// Returns the container of an event's namespace, if known. Reads the kernel once for each namespace.
  package mutating func container(of event: ProcessEvent) -> Container {
    containers.container(of: event, kernel)
  }

  /// A time since boot as one since the epoch, in nanoseconds.
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

/// The containers of the namespaces whose events were seen.
private struct EventContainers {
  private struct Known {
    var container: Container
    /// The version of the names at the lookup; nil for a final result.
    var version: UInt64?
  }

  /// More than a node has at one time; beyond it, the cache is emptied.
  private static let limit = 4096
  private var known: [PIDNamespace: Known] = [:]
  private var naming: ContainerResolver

  init(_ naming: ContainerResolver) { self.naming = naming }

  mutating func container(of event: ProcessEvent, _ kernel: borrowing KernelEvents) -> Container {
    let version = naming.version
    // The init has become another program: by now a runtime has put it into its cgroup.
    let isStale = if case .exec = event.action { event.inside.pid == 1 } else { false }
    if !isStale, let known = known[event.namespace], known.version ?? version == version {
      return known.container
    }
    // Unreadable: no name.
    guard let identity = try? kernel.identity(of: event.namespace) else { return Container() }
    let answer = naming.answer(cgroupPath: identity.cgroupPath, initComm: identity.initComm)
    if known.count >= Self.limit { known.removeAll() }
    known[event.namespace] = Known(
      container: answer.container, version: answer.certainty == .final ? nil : version)
    return answer.container
  }
}
