// SPDX-License-Identifier: Apache-2.0

import CPidns
package import LibBPF
import Platform

/// Owns the BPF programs that count: loads and attaches them, and reads their counters.
///
/// Needs Linux 5.10 with BTF, CAP_BPF and CAP_PERFMON. It counts all namespaces only if it runs in the host's PID
/// namespace, because a task iterator sees only the tasks of its creator's namespace and of those inside it. When it is
/// destroyed, everything is detached and freed.
package struct KernelCounters: ~Copyable {
  /// How the exit of a process is distinguished from the exit of a thread.
  package enum ExitDetection: String, Sendable, CaseIterable {
    /// The tracepoint reports which thread was the last: its `group_dead` argument.
    case groupDead = "group-dead"
    /// The first thread that finds no live thread claims the exit: a map access for every process that ends with
    /// several threads.
    case claimed
  }

  /// The configuration of the programs.
  package struct Configuration: Sendable {
    /// The maximum number of parts in the maps, with those that ended since the last read.
    package var mapEntries: UInt32
    /// The optional counts, beside execs, forks, thread starts and exits by reason.
    package var collectors: Set<Collector>
    /// How exits are detected; nil chooses by the kernel's BTF.
    package var exitDetection: ExitDetection?
    /// Whether each event has several programs, because the kernel may skip one; nil chooses by the kernel's BTF.
    package var countsInAttempts: Bool?
    /// Whether the latest process of each kind is kept, by namespace.
    package var keepsExemplars: Bool
    /// The inum of this process's own PID namespace, to count it and those inside it; nil counts all, and requires the
    /// host's PID namespace.
    package var outermost: UInt32?
    /// Which events are counted by cgroup.
    package var split: Split
    /// The maximum number of parts, not counting each namespace's own. Half of them are for the outermost namespace;
    /// every other one has a sixteenth at most. At most a quarter of ``mapEntries``.
    package var parts: UInt32

    /// Programs that are not loaded, as if the kernel skipped them at every event. For tests.
    var programsLeftOut: Set<String> = []

    package init(
      mapEntries: UInt32, collectors: Set<Collector> = Set(Collector.allCases.filter(\.isOnByDefault)),
      exitDetection: ExitDetection? = nil, countsInAttempts: Bool? = nil, keepsExemplars: Bool = true,
      split: Split = .shared, parts: UInt32 = 2048
    ) {
      self.mapEntries = mapEntries
      self.collectors = collectors
      self.exitDetection = exitDetection
      self.countsInAttempts = countsInAttempts
      self.keepsExemplars = keepsExemplars
      self.split = split
      self.parts = parts
    }
  }

  /// How this kernel's exits are detected.
  package var exitDetection: ExitDetection { loaded.plan.exitDetection }
  /// The number of programs for each event: more than one if the kernel may skip one of them.
  package var attempts: Int { loaded.plan.attempts }
  /// Whether map entries are allocated on demand, instead of all at the start.
  package var allocatesOnDemand: Bool { !loaded.plan.mapsOnDemand.isEmpty }
  /// Whether the kernel allows reads of the owners of namespaces: not in lockdown for confidentiality.
  package var readsIdentities: Bool { identities != nil }
  /// Enabled collectors that this kernel does not support, and why.
  package let unavailable: [Collector: String]

  let loaded: LoadedPrograms
  /// Programs that the kernel refused to load.
  private let refused: [String]
  private let taskWalk: Link
  private let countsRead: Link
  private let detailsRead: Link?
  private let signalsRead: Link?
  private let identitiesRead: Link?
  let namespaces: BPFMap
  private let details: BPFMap?
  private let signals: BPFMap?
  private let identities: BPFMap?
  private let node: BPFMap
  private let claims: BPFMap?
  private let victims: BPFMap?
  private let marks: BPFMap?
  let cpus: Int
  /// The contents of `details` at the last read, and the number of counted details at that time.
  private var lastDetails: [NamespacePart: [CounterKey: UInt64]] = [:]
  private var lastDetailsCounted: UInt64 = 0
  private var deaths = SignalDeaths()
  /// The entries of `namespaces` at the last read, minus those deleted since.
  private var entries: Set<NamespacePart> = []
  private var exemplarCursor = ExemplarCursor()
  private var identityCache = IdentityCache()
  /// nil if nothing is split by cgroup.
  var parts: PartMaps?
  /// Old keys of the maps by process; nil if processes can be looked up by the host's numbers.
  private var staleClaims: StaleKeys<ExitClaim>?
  private var staleVictims: StaleKeys<UInt32>?
  /// The remaining entries of `claims` and `victims` after the last removal of stale ones.
  private var claimEntries = 0
  private var victimEntries = 0

  /// Loads and attaches. After this returns, every event is counted.
  ///
  /// - Throws: `BPFError` for the first step that fails; nothing stays loaded or attached then. An unsupported
  ///   collector is no error: see `unavailable`.
  ///
  /// - Parameter pins: Where maps and attached programs stay when this goes, and are found by the next process; nil to
  ///   keep nothing.
  package init(_ configuration: Configuration, pins: borrowing PinFolder? = nil) throws(BPFError) {
    let features = try KernelFeatures.probe()
    let cpus = try LibraryInfo.possibleCPUs()
    var unavailable: [Collector: String] = [:]
    var refused: [String] = []
    let loaded = try Self.load(
      configuration, features, cpus: cpus, pins: pins, refused: &refused, unavailable: &unavailable)
    let namespaces = try loaded.object.map(CounterMap.namespaces)
    let details = try loaded.mapIfUsed(.details)
    let signals = try loaded.mapIfUsed(.signals)
    let identities = try loaded.mapIfUsed(.identities)
    let claims = try loaded.mapIfUsed(.exitClaims)
    let victims = try loaded.mapIfUsed(.oomVictims)
    let marks = try loaded.mapIfUsed(.marks)
    let node = try loaded.object.map(CounterMap.node)
    let taskWalk = try loaded.attach(.taskWalk)
    let countsRead = try loaded.attach(.counts, over: namespaces)
    var detailsRead: Link?
    if let details {
      detailsRead = try loaded.attach(.details, over: details)
    }
    var signalsRead: Link?
    if let signals {
      signalsRead = try loaded.attach(.signals, over: signals)
    }
    var identitiesRead: Link?
    if let identities {
      identitiesRead = try loaded.attach(.identities, over: identities)
    }
    let parts =
      loaded.plan.isSplit ? try PartMaps(loaded, outermost: configuration.outermost) : nil

    self.unavailable = unavailable
    self.refused = refused
    self.loaded = loaded
    self.taskWalk = taskWalk
    self.countsRead = countsRead
    self.detailsRead = detailsRead
    self.signalsRead = signalsRead
    self.identitiesRead = identitiesRead
    self.namespaces = namespaces
    self.details = details
    self.signals = signals
    self.identities = identities
    self.node = node
    self.claims = claims
    self.victims = victims
    self.marks = marks
    self.cpus = cpus
    self.parts = parts
    if configuration.outermost != nil {
      staleClaims = StaleKeys()
      staleVictims = StaleKeys()
    }
  }

  /// Whether the kernel permits this process to read the counters: by a look-up in a map, and by an iterator.
  package var isReadable: Bool {
    do throws(BPFError) {
      try node.readPerCPU(pidns_node.self, cpus: cpus) { _ in }
      try countsRead.iterate(pidns_counts_entry.self, "read the counts") { _ in }
    } catch {
      return false
    }
    return true
  }

  /// Loads the configured programs, as far as the kernel supports them.
  private static func load(
    _ configuration: Configuration, _ features: KernelFeatures, cpus: Int, pins: borrowing PinFolder?,
    refused: inout [String], unavailable: inout [Collector: String]
  ) throws(BPFError) -> LoadedPrograms {
    var configuration = configuration
    var loaded: LoadedPrograms
    let plan = ProgramPlan(features: features, configuration)
    do throws(BPFError) {
      loaded = try LoadedPrograms(plan, configuration, pins: pins, cpus: cpus)
    } catch {
      // Some kernels refuse to load a program for a function; libbpf then fails as a whole.
      guard configuration.collectors.remove(.execFailures) != nil else { throw error }
      loaded = try LoadedPrograms(
        ProgramPlan(features: features, configuration), configuration, pins: pins, cpus: cpus)
      refused = plan.optional.filter { $0.collector == .execFailures }.map(\.name)
      unavailable[.execFailures] = "the kernel refuses BPF trampolines: \(error)"
    }
    unavailable.merge(loaded.plan.unavailable) { first, _ in first }
    for (collector, error) in loaded.refused { unavailable[collector] = error.description }
    return loaded
  }

  /// Scans all tasks and returns their numbers by part.
  ///
  /// A namespace that begins during the scan may be missing. If a namespace of an earlier scan is missing, it has
  /// ended, and all of its events have been counted. Without the collector `tasks`, the counts are zero.
  ///
  /// - Complexity: 0.3 to 0.8 µs for each task, in the kernel.
  package func walkTasks() throws(BPFError) -> [NamespacePart: TaskCounts] {
    var found: [NamespacePart: TaskCounts] = [:]
    try taskWalk.iterate(pidns_tasks.self, "walk the tasks") {
      found[NamespacePart($0.part), default: TaskCounts()] += TaskCounts($0)
    }
    return found
  }

  /// The entries of namespaces in the kernel's maps.
  package struct Reading: Sendable {
    /// The counts of parts that had an event; summed over the CPUs.
    package var events: [NamespacePart: EventCounts] = [:]
    /// The identities of namespaces whose init was seen.
    package var identities: [PIDNamespace: NamespaceIdentity] = [:]
    /// The latest process of each kind, for kinds with an event since the last read. It may contain one of an earlier
    /// read again.
    package var exemplars: [NamespacePart: [ProcessExemplar]] = [:]
    /// The cgroups of parts, by their number in ``NamespacePart``. Counts that are read after its removal are final.
    package var cgroups: [UInt64: PartCgroup] = [:]
    /// The node's counts, read after those of the namespaces.
    package var node = NodeCounts()

    package init() {}
  }

  /// Reads all counts.
  ///
  /// - Complexity: About a microsecond for each namespace, and more with very many CPUs; 30 ns for each possible entry
  ///   of the maps, by `make bench`. Identities are read only if one is new.
  package mutating func read() throws(BPFError) -> Reading {
    var reading = Reading()
    var exemplars = exemplarCursor.next()
    var deaths = self.deaths
    var entries: Set<NamespacePart> = []
    entries.reserveCapacity(self.entries.count)
    // An insertion during the read can make the kernel return an entry twice: the later one is newer.
    try countsRead.iterate(pidns_counts_entry.self, "read the namespaces' counts") {
      let part = NamespacePart($0.part)
      reading.events[part] = EventCounts($0.counts)
      entries.insert(part)
      exemplars.record($0.counts, of: part)
    }
    // After the counts, which the programs write after the identities. Before the identities and cgroups, whose numbers
    // of writes it contains.
    let before = try nodeCounts()
    try readDetails(counted: before.detailsCounted)
    if let signalsRead {
      try deaths.read(
        by: signalsRead, counted: before.total.exits.byReason[.signaled], &exemplars)
    }
    for (part, details) in lastDetails {
      reading.events[part, default: EventCounts()].details.merge(details) { _, detail in detail }
    }
    for (part, deaths) in deaths.counts {
      reading.events[part, default: EventCounts()].details.merge(deaths) { _, death in death }
    }
    if let identitiesRead {
      try identityCache.read(by: identitiesRead, written: before.identitiesWritten)
    }
    reading.identities = identityCache.identities
    try parts?.read(written: before.cgroupsWritten)
    reading.cgroups = parts?.cache.cgroups ?? [:]
    reading.node = try nodeCounts()
    reading.exemplars = exemplars.found
    exemplarCursor = exemplars.cursor
    self.deaths = deaths
    self.entries = entries
    return reading
  }

  /// Reads the details again if there are more than before.
  private mutating func readDetails(counted: UInt64) throws(BPFError) {
    guard let detailsRead, counted != lastDetailsCounted else { return }
    var details: [NamespacePart: [CounterKey: UInt64]] = [:]
    try detailsRead.iterate(pidns_detail_entry.self, "read the namespaces' details") {
      guard let detail = CounterKey($0.detail) else { return }
      details[NamespacePart($0.detail.part), default: [:]][detail] = $0.count
    }
    lastDetails = details
    lastDetailsCounted = counted
  }

  private func nodeCounts() throws(BPFError) -> NodeCounts {
    var counts = NodeCounts()
    try node.readPerCPU(pidns_node.self, cpus: cpus) { counts.add($0) }
    return counts
  }

  /// Frees the kernel's entries of an ended part, as found by the last read.
  ///
  /// - Throws: `BPFError` for the first entry that cannot be deleted; the others stay, too, until this is called again.
  package mutating func delete(_ part: NamespacePart) throws(BPFError) {
    if try namespaces.delete(part.key) { try parts?.release(part) }
    if part.isOfInit {
      try identities?.delete(part.namespace.key)
      identityCache.forget(part.namespace)
    }
    if let details, let known = lastDetails[part] {
      for key in known.keys { try details.delete(key.key(in: part)) }
    }
    lastDetails[part] = nil
    if let signals {
      for key in deaths.remove(part) { try signals.delete(key) }
    }
    entries.remove(part)
  }

  /// Whether one of the maps of counts is filled by half, as of the last read.
  package var isHalfFull: Bool { entries.count * 2 > namespaces.capacity }

  /// Reads the status of the programs. A system call for each of them.
  package func programs() throws(BPFError) -> [ProgramStatus] {
    var statuses: [ProgramStatus] = []
    for (name, isAttached) in loaded.programs {
      statuses.append(
        isAttached
          ? ProgramStatus(program: name, try loaded.information(of: name))
          : ProgramStatus(program: name, isAttached: false))
    }
    return statuses + refused.map { ProgramStatus(program: $0, isAttached: false) }
  }

  /// Deletes removed cgroups without a part, and the entries of exited processes in the maps by process. A system call
  /// for each entry of these maps.
  package mutating func removeStaleEntries() throws(BPFError) {
    try parts?.removeStaleEntries(parts: entries)
    if let claims {
      claimEntries = try Self.deleteLeftovers(
        claims, pidns_exit_claim.self, &staleClaims, process: { $0.tgid }, name: { ExitClaim($0) })
    }
    if let victims {
      victimEntries = try Self.deleteLeftovers(
        victims, UInt32.self, &staleVictims, process: { $0 }, name: { $0 })
    }
  }

  /// Returns the number of entries of the maps at the last read and the last removal of stale entries, minus those
  /// deleted since.
  package func maps() -> [MapStatus] {
    var statuses = [
      MapStatus(map: .namespaces, of: namespaces, entries: entries.count),
      MapStatus(map: .node, of: node, entries: 1),
    ]
    if let details {
      let entries = lastDetails.values.reduce(0) { $0 + $1.count }
      statuses.append(MapStatus(map: .details, of: details, entries: entries))
    }
    if let signals {
      statuses.append(MapStatus(map: .signals, of: signals, entries: deaths.entries))
    }
    if let identities {
      let entries = identityCache.identities.count
      statuses.append(MapStatus(map: .identities, of: identities, entries: entries))
    }
    if let parts { statuses.append(parts.status) }
    if let claims { statuses.append(MapStatus(map: .exitClaims, of: claims, entries: claimEntries)) }
    if let victims { statuses.append(MapStatus(map: .oomVictims, of: victims, entries: victimEntries)) }
    if let marks { statuses.append(MapStatus(map: .marks, of: marks, entries: marks.capacity)) }
    return statuses
  }
}
