// SPDX-License-Identifier: Apache-2.0

import CPidns
package import LibBPF

/// Owns the BPF programs that emit single events: loads and attaches them, and reads their ring buffer.
///
/// Independent of ``KernelCounters``, with the same requirements. When it is destroyed, everything is detached and
/// freed.
package struct KernelEvents: ~Copyable {
  /// The configuration of the programs.
  package struct Configuration: Sendable {
    /// Bytes of the ring buffer: a power of two, at least a page. An event uses about 160; an exec uses more, for the
    /// file's name and the arguments.
    package var bufferBytes: UInt32
    /// Whether forks are emitted.
    package var forks: Bool
    /// Whether OOM kills are emitted.
    package var oomKills: Bool
    /// Whether execs contain their arguments.
    package var arguments: Bool
    /// How exits are detected; nil chooses by the kernel's BTF.
    package var exitDetection: KernelCounters.ExitDetection?
    /// Whether each event has several programs, because the kernel may skip one; nil chooses by the kernel's BTF.
    package var countsInAttempts: Bool?
    /// As in ``KernelCounters/Configuration``.
    package var outermost: UInt32?
    /// As in ``KernelCounters/Configuration``.
    var readsAddresses: Bool?

    package init(
      bufferBytes: UInt32 = 4 << 20, forks: Bool = false, oomKills: Bool = false, arguments: Bool = false,
      exitDetection: KernelCounters.ExitDetection? = nil, countsInAttempts: Bool? = nil
    ) {
      self.bufferBytes = bufferBytes
      self.forks = forks
      self.oomKills = oomKills
      self.arguments = arguments
      self.exitDetection = exitDetection
      self.countsInAttempts = countsInAttempts
    }
  }

  /// Why requested OOM kills cannot be emitted; nil if they are.
  package let oomKillsUnavailable: String?

  /// Whether the kernel allows reads of the owners of namespaces and of the names of executed files: not in lockdown
  /// for confidentiality.
  package var readsIdentities: Bool { identities != nil }

  private let object: BPFObject
  private let programs: [String]
  private var hooks: [Link]
  /// The events of one read. The ring buffer's callback appends to it, one record at a time.
  private final class Batch {
    /// The largest number of records in one read. Between reads, the caller writes events and checks its deadline.
    static let limit = 1024

    var events: [ProcessEvent] = []
  }

  private let ring: RingBuffer
  private let batch: Batch
  private let drops: BPFMap
  private let identities: BPFMap?
  private let cgroups: BPFMap?

  /// Loads and attaches. After this returns, every event is emitted or counted as dropped.
  ///
  /// - Throws: `BPFError` for the first step that fails; nothing stays loaded or attached then.
  package init(_ configuration: Configuration) throws(BPFError) {
    let plan = EventPlan(features: try KernelFeatures.probe(), configuration)
    let object = try BPFObject(embedded: EmbeddedObject.events, name: "pidns_events")
    try object.map(EventMap.events).resize(to: plan.bufferBytes)
    try object.map(EventMap.marks).resize(to: RedundantPrograms.wordsOfMarks)
    for map in [EventMap.identities, .cgroups] { try object.map(map).useLRU(capacity: EventPlan.identities) }
    for map in plan.mapsOnDemand { try object.map(map).allocateOnDemand() }
    for map in plan.unusedMaps { try object.disableMap(map.rawValue) }
    try object.setConstants(plan.constants, in: BPFObject.configurationSection)
    try object.loadOnly(plan.programs)
    try object.load()
    let batch = Batch()
    let ring = unsafe try RingBuffer(object.map(EventMap.events)) { record in
      if let event = unsafe ProcessEvent(record: record) { batch.events.append(event) }
    }
    let drops = try object.map(EventMap.dropped)
    let identities = plan.readsIdentities ? try object.map(EventMap.identities) : nil
    let cgroups = plan.readsIdentities ? try object.map(EventMap.cgroups) : nil
    var hooks: [Link] = []
    for name in plan.programs { hooks.append(try object.attach(name)) }

    self.object = object
    programs = plan.programs
    self.hooks = hooks
    self.ring = ring
    self.batch = batch
    self.drops = drops
    self.identities = identities
    self.cgroups = cgroups
    oomKillsUnavailable = configuration.oomKills ? plan.oomKillsUnavailable : nil
  }

  /// How often to poll for events. A wake-up for each event would cost more than everything else.
  package static let interval = Duration.milliseconds(50)

  /// Becomes readable when a quarter of the buffer is full, before the next poll is due.
  package var descriptor: Int32 { ring.descriptor }

  /// Removes the oldest events from the buffer, in their order; none only if it is empty.
  ///
  /// - Complexity: About a microsecond for each; 1,024 at the most.
  package func drain() throws(BPFError) -> [ProcessEvent] {
    batch.events.removeAll(keepingCapacity: true)
    try ring.consume(limit: Batch.limit)
    return batch.events
  }

  /// Events for which there was no room in the buffer, so far. One system call.
  package func dropped() throws(BPFError) -> UInt64 {
    try drops.value(of: 0 as UInt32, as: UInt64.self) ?? 0
  }

  /// Whether the kernel permits this process to read its maps. One system call.
  package var isReadable: Bool {
    do throws(BPFError) {
      _ = try dropped()
    } catch {
      return false
    }
    return true
  }

  /// Returns the identity of a namespace. nil if it had no event, if too many others had events since, or in lockdown,
  /// where the kernel forbids the read. One system call.
  package func identity(of namespace: PIDNamespace) throws(BPFError) -> NamespaceIdentity? {
    try identities?.value(of: namespace.key, as: pidns_identity.self).map { NamespaceIdentity($0) }
  }

  /// Returns the cgroup of a part of a namespace; nil in the same cases as ``identity(of:)``. One system call.
  package func cgroup(of part: NamespacePart) throws(BPFError) -> PartCgroup? {
    try cgroups?.value(of: part.cgroup, as: pidns_cgroup.self).map { PartCgroup($0) }
  }

  /// Detaches the programs: afterwards no event is added to the buffer.
  package mutating func detach() { hooks = [] }

  /// Reads the status of the programs. A system call for each of them.
  package func programStatuses() throws(BPFError) -> [ProgramStatus] {
    var statuses: [ProgramStatus] = []
    for name in programs {
      statuses.append(ProgramStatus(program: name, try object.information(ofProgram: name)))
    }
    return statuses
  }
}
