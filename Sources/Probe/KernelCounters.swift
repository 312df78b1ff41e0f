// SPDX-License-Identifier: Apache-2.0

import CPidns
import Glibc
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
    package var split: CgroupSplit
    /// The maximum number of parts, not counting each namespace's own. Half of them are for the outermost namespace;
    /// every other one has a sixteenth at most. At most a quarter of ``mapEntries``.
    package var parts: UInt32

    /// Whether programs read memory by address; nil if the kernel allows it: not in lockdown for confidentiality. For
    /// tests.
    var readsAddresses: Bool?
    /// Programs that are not loaded, as if the kernel skipped them at every event. For tests.
    var programsLeftOut: Set<String> = []

    package init(
      mapEntries: UInt32, collectors: Set<Collector> = Set(Collector.allCases.filter(\.isOnByDefault)),
      exitDetection: ExitDetection? = nil, countsInAttempts: Bool? = nil, keepsExemplars: Bool = true,
      split: CgroupSplit = .shared, parts: UInt32 = 2048
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
  package var readsIdentities: Bool { identityCache.reader != nil }
  /// Enabled collectors that this kernel does not support, and why.
  package let unavailable: [Collector: String]

  let loaded: LoadedPrograms
  /// Programs that the kernel refused to load.
  private let refused: [String]
  let taskIterator: Link
  var taskScan = TaskScan()
  var counts: MapReader<pidns_part, NamespacePart>
  var details: DetailCounts?
  var signals: DetailCounts?
  var identityCache: IdentityCache
  let node: BPFMap
  private let claims: BPFMap?
  private let victims: BPFMap?
  private let marks: BPFMap?
  let cpus: Int
  /// The parts in the maps of counts at the last read, minus those deleted since.
  var entries: [NamespacePart: PartEntries] = [:]
  var exemplarCursor = ExemplarCursor()
  /// nil if nothing is split by cgroup.
  var parts: PartMaps?
  /// Old keys of the maps by process; nil if processes can be looked up by the host's numbers.
  private var staleClaims: StaleKeys<ExitClaim>?
  private var staleVictims: StaleKeys<UInt32>?
  /// The remaining entries of `claims` and `victims` after the last removal of stale ones.
  private var claimEntries = 0
  private var victimEntries = 0
  /// The memory of each map, which depends on the number of its entries.
  private var memory: [CounterMap: (entries: Int, bytes: UInt64)] = [:]

  /// Loads and attaches. After this returns, every event is counted.
  ///
  /// - Throws: `BPFError` for the first step that fails. Nothing stays loaded or attached then, except pinned programs: they are
  ///   pinned before the last steps. An unsupported collector is no error: see `unavailable`.
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
    let taskIterator = try loaded.object.attachIterator(CounterProgram.taskScan.rawValue)
    var parts =
      loaded.plan.isSplit ? try PartMaps(loaded, outermost: configuration.outermost) : nil
    if loaded.isInherited {
      try parts?.recount { () throws(BPFError) in
        try namespaces.keys(pidns_part.self).map { NamespacePart($0) }
      }
    }

    self.unavailable = unavailable
    self.refused = refused
    self.loaded = loaded
    self.taskIterator = taskIterator
    counts = MapReader(namespaces, "read the namespaces' counts") { NamespacePart($0) }
    self.details = details.map { DetailCounts($0, "read the namespaces' details") }
    self.signals = signals.map { DetailCounts($0, "read the signal deaths") }
    identityCache = IdentityCache(identities)
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

  /// Whether the kernel permits this process to read the counters: by look-ups in maps, and by an iterator.
  package var isReadable: Bool {
    do throws(BPFError) {
      _ = try node.sumPerCPU(pidns_node(), cpus: cpus)
      try unsafe counts.map.entries.forEach("read the counts") { _, _ in }
      try taskIterator.iterate(pidns_tasks.self, "scan the tasks") { _ in }
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
      let programs = plan.optional.filter { $0.collector == .execFailures }.map(\.name)
      guard error.refusesOne(of: programs) else { throw error }
      configuration.collectors.remove(.execFailures)
      loaded = try LoadedPrograms(
        ProgramPlan(features: features, configuration), configuration, pins: pins, cpus: cpus)
      refused = programs
      unavailable[.execFailures] = "the kernel refuses BPF trampolines: \(error)"
    }
    unavailable.merge(loaded.plan.unavailable) { first, _ in first }
    for (collector, error) in loaded.refused { unavailable[collector] = error.description }
    return loaded
  }

  /// Whether the map of counts, or the room for parts, is filled by half, as of the last read.
  package var isHalfFull: Bool {
    counts.count * 2 > counts.map.capacity || parts?.isHalfFull(parts: entries.keys) == true
  }

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
    try parts?.removeStaleEntries(parts: entries.keys)
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
  package mutating func maps() -> [MapStatus] {
    var statuses = [
      status(.namespaces, counts.map, entries: counts.count), status(.node, node, entries: 1),
    ]
    if let map = details?.reader { statuses.append(status(.details, map.map, entries: map.count)) }
    if let map = signals?.reader { statuses.append(status(.signals, map.map, entries: map.count)) }
    if let identities = identityCache.reader {
      statuses.append(status(.identities, identities.map, entries: identityCache.identities.count))
    }
    if let cgroups = parts?.cache {
      statuses.append(status(.cgroups, cgroups.reader.map, entries: cgroups.cgroups.count))
    }
    if let claims { statuses.append(status(.exitClaims, claims, entries: claimEntries)) }
    if let victims { statuses.append(status(.oomVictims, victims, entries: victimEntries)) }
    if let marks { statuses.append(status(.marks, marks, entries: marks.capacity)) }
    return statuses
  }

  /// Reads the memory of a map again only if the number of its entries has changed.
  private mutating func status(_ name: CounterMap, _ map: BPFMap, entries: Int) -> MapStatus {
    if memory[name]?.entries != entries { memory[name] = (entries, map.memory() ?? 0) }
    return MapStatus(
      map: name.rawValue, entries: entries, capacity: map.capacity, memoryBytes: memory[name]?.bytes ?? 0)
  }
}

extension BPFError {
  /// Whether the kernel refuses one of these programs. Not if memory or descriptors are missing.
  func refusesOne(of programs: [String]) -> Bool {
    guard let program, programs.contains(program) else { return false }
    return ![ENOMEM, EMFILE, ENFILE].contains(errno)
  }
}
