// SPDX-License-Identifier: Apache-2.0

internal import CLibBPF
internal import CPidns
internal import Linux

/// Owns the kernel half while it counts: loads the programs, attaches them, reads what they counted.
///
/// Needs Linux 5.10 with BTF, CAP_BPF and CAP_PERFMON, and the host's pid namespace, because a task
/// iterator sees only the tasks of its creator's. When it goes, everything is detached and freed.
public struct KernelCounters: ~Copyable {
  /// How the exit of a process is told from the exit of a thread.
  public enum ExitDetection: String, Sendable, CaseIterable {
    /// The tracepoint says which thread was the last: its `group_dead` argument.
    case groupDead = "group-dead"
    /// The first thread to find no live one left claims the exit: a map access for every process that
    /// ends with several threads.
    case claimed
  }

  /// What is to be loaded.
  public struct Configuration: Sendable {
    /// Namespaces that the kernel can tell apart at one time, with those that ended since the last read.
    public var mapEntries: UInt32
    /// What is counted beside execs, forks, thread starts and exits by reason.
    public var collectors: Set<Collector>
    /// How exits are detected; nil takes what the kernel's BTF says is best.
    public var exitDetection: ExitDetection?
    /// Whether each event has several programs, as the kernel may skip one; nil as the kernel's BTF says.
    public var countsInAttempts: Bool?

    /// Puts a configuration together.
    public init(
      mapEntries: UInt32, collectors: Set<Collector> = Set(Collector.allCases.filter(\.isOnByDefault)),
      exitDetection: ExitDetection? = nil, countsInAttempts: Bool? = nil
    ) {
      self.mapEntries = mapEntries
      self.collectors = collectors
      self.exitDetection = exitDetection
      self.countsInAttempts = countsInAttempts
    }
  }

  /// The version of libbpf that is linked in, as in `1.1`.
  public static var libbpfVersion: String { "\(libbpf_major_version()).\(libbpf_minor_version())" }

  /// How this kernel's exits are detected.
  public var exitDetection: ExitDetection { loaded.plan.exitDetection }
  /// How many programs there are for each event: more than one where the kernel may skip one of them.
  public var attempts: Int { loaded.plan.attempts }
  /// Whether map entries are allocated when they are needed, or all of them at the start.
  public var allocatesOnDemand: Bool { !loaded.plan.mapsOnDemand.isEmpty }
  /// Collectors that are asked for, but that this kernel does not have, and why.
  public let unavailable: [Collector: String]

  private let loaded: LoadedPrograms
  /// Programs that the kernel refused to load.
  private let refused: [String]
  private let taskWalk: Link
  private let countsRead: Link
  private let exitsRead: Link
  private let detailsRead: Link?
  private let namespaces: BPFMap
  private let exits: BPFMap
  private let details: BPFMap?
  private let node: BPFMap
  private let claims: BPFMap?
  private let cpus: Int
  /// What `details` had when it was read last, and how many of them had been counted by then.
  private var lastDetails: [PIDNamespace: [Detail: UInt64]] = [:]
  private var lastDetailsCounted: UInt64 = 0

  /// Loads and attaches; from when this returns, every event is counted.
  ///
  /// - Throws: `BPFError` for the first step that fails; nothing stays loaded or attached then. That a
  ///   collector is not to be had is no error: see `unavailable`.
  public init(_ configuration: Configuration) throws(BPFError) {
    let features = try KernelFeatures.probe()
    let cpus = Int(try checked("count the CPUs", libbpf_num_possible_cpus()))
    var unavailable: [Collector: String] = [:]
    var refused: [String] = []
    let loaded = try Self.load(
      configuration, features, cpus: cpus, refused: &refused, unavailable: &unavailable)
    let plan = loaded.plan
    let namespaces = try loaded.object.map("namespaces")
    let exits = try loaded.object.map("exits")
    let details =
      plan.unusedMaps.contains("details") ? nil : try loaded.object.map("details")
    let claims =
      plan.unusedMaps.contains("exit_claims") ? nil : try loaded.object.map("exit_claims")
    let node = try loaded.object.map("node")
    let taskWalk = try loaded.object.attachIterator("task_walk")
    let countsRead = try loaded.object.attachIterator("namespace_counts", over: namespaces)
    let exitsRead = try loaded.object.attachIterator("namespace_exits", over: exits)
    var detailsRead: Link?
    if let details {
      detailsRead = try loaded.object.attachIterator("namespace_details", over: details)
    }

    self.unavailable = unavailable
    self.refused = refused
    self.loaded = loaded
    self.taskWalk = taskWalk
    self.countsRead = countsRead
    self.exitsRead = exitsRead
    self.detailsRead = detailsRead
    self.namespaces = namespaces
    self.exits = exits
    self.details = details
    self.node = node
    self.claims = claims
    self.cpus = cpus
  }
  /// Loads what the configuration asks for and the kernel has.
  private static func load(
    _ configuration: Configuration, _ features: KernelFeatures, cpus: Int,
    refused: inout [String], unavailable: inout [Collector: String]
  ) throws(BPFError) -> LoadedPrograms {
    var configuration = configuration
    var loaded: LoadedPrograms
    let plan = ProgramPlan(features: features, configuration, cpus: cpus)
    do throws(BPFError) {
      loaded = try LoadedPrograms(plan, mapEntries: configuration.mapEntries)
    } catch {
      // Some kernels refuse to load a program that is to follow a function, at which libbpf gives up.
      guard configuration.collectors.remove(.execFailures) != nil else { throw error }
      loaded = try LoadedPrograms(
        ProgramPlan(features: features, configuration, cpus: cpus), mapEntries: configuration.mapEntries)
      refused = plan.optional.filter { $0.collector == .execFailures }.map(\.name)
      unavailable[.execFailures] = "the kernel refuses BPF trampolines: \(error)"
    }
    unavailable.merge(loaded.plan.unavailable) { first, _ in first }
    for (program, error) in loaded.refused { unavailable[program.collector] = error.description }
    return loaded
  }

  /// Walks every task and answers what it found, by namespace.
  ///
  /// A namespace that begins while the walk is under way may be missing; one that is missing and was there
  /// before has ended, and all of its events have been counted. Without the collector `tasks` the counts
  /// are zero.
  ///
  /// - Complexity: 0.3 to 0.8 µs for each task, in the kernel.
  public func walkTasks() throws(BPFError) -> [PIDNamespace: TaskCounts] {
    var found: [PIDNamespace: TaskCounts] = [:]
    try taskWalk.iterate(pidns_tasks.self, "walk the tasks") {
      found[PIDNamespace($0.key), default: TaskCounts()] += TaskCounts($0)
    }
    return found
  }

  /// Reads what was counted for every namespace that had an event, summed over the CPUs.
  ///
  /// - Complexity: About a microsecond for each namespace, and more with very many CPUs; 10 ns for each
  ///   entry that there is room for.
  public mutating func events() throws(BPFError) -> [PIDNamespace: Events] {
    // An insertion that happens meanwhile can make the kernel hand over an entry twice: the later
    // one is the newer.
    var events: [PIDNamespace: Events] = [:]
    try countsRead.iterate(pidns_counts_entry.self, "read the namespaces' counts") {
      events[PIDNamespace($0.key), default: Events()].counts = ProcessCounts($0.counts)
    }
    try exitsRead.iterate(pidns_exits_entry.self, "read the namespaces' exits") {
      events[PIDNamespace($0.key), default: Events()].exits = ExitCounts($0.exits)
    }
    try readDetails()
    for (namespace, details) in lastDetails {
      events[namespace, default: Events()].details = details
    }
    return events
  }

  /// Reads the details again if there are more than before.
  private mutating func readDetails() throws(BPFError) {
    guard let detailsRead else { return }
    let counted = try nodeCounts().detailsCounted
    guard counted != lastDetailsCounted else { return }
    var details: [PIDNamespace: [Detail: UInt64]] = [:]
    try detailsRead.iterate(pidns_detail_entry.self, "read the namespaces' details") {
      guard let detail = Detail($0.detail) else { return }
      details[PIDNamespace($0.detail.namespace), default: [:]][detail] = $0.count
    }
    lastDetails = details
    lastDetailsCounted = counted
  }

  /// Reads the node's counts, summed over the CPUs. One system call.
  public func nodeCounts() throws(BPFError) -> NodeCounts {
    var counts = NodeCounts()
    try node.readPerCPU(pidns_node.self, cpus: cpus) { counts.add($0) }
    return counts
  }

  /// Frees the kernel's entries of a namespace that has ended, and of which `events` were read last.
  public mutating func delete(_ namespace: PIDNamespace, _ events: Events) throws(BPFError) {
    try namespaces.delete(namespace.key)
    try exits.delete(namespace.key)
    for detail in events.details.keys { try details?.delete(detail.key(in: namespace)) }
    lastDetails[namespace] = nil
  }

  /// Reads how the programs have fared. A system call for each of them.
  public func programs() throws(BPFError) -> [ProgramStatus] {
    var statuses: [ProgramStatus] = []
    for (name, isAttached) in loaded.programs {
      statuses.append(
        isAttached
          ? try loaded.object.status(ofProgram: name) : ProgramStatus(program: name, isAttached: false))
    }
    return statuses + refused.map { ProgramStatus(program: $0, isAttached: false) }
  }

  /// Reads how the maps have fared. A few system calls for each of them.
  ///
  /// - Parameter events: What the last read of them found and was not deleted, so that it is not read
  ///   again.
  public func maps(holding events: some Collection<Events>) throws(BPFError) -> [MapStatus] {
    var statuses = [
      MapStatus(
        map: "namespaces", of: namespaces, entries: events.count { $0.counts != ProcessCounts() }),
      MapStatus(map: "exits", of: exits, entries: events.count { $0.exits != ExitCounts() }),
      MapStatus(map: "node", of: node, entries: 1),
    ]
    if let details {
      statuses.append(
        MapStatus(
          map: "details", of: details, entries: events.reduce(0) { $0 + $1.details.count }))
    }
    if let claims {
      let left = try deleteClaimsOfTheGone(claims)
      statuses.append(MapStatus(map: "exit_claims", of: claims, entries: left))
    }
    return statuses
  }

  /// Deletes the claims of processes that are gone, and counts the others.
  ///
  /// `process_free` deletes nearly all. On Linux 6.18, with the claims forced, now and then a burst of
  /// them stayed (8 of 12,000): it had not run for those, why is not known. A process that is gone has no
  /// thread left that could count its exit again.
  private func deleteClaimsOfTheGone(_ claims: BPFMap) throws(BPFError) -> Int {
    var left = 0
    for claim in try claims.keys(pidns_exit_claim.self) {
      if PID(claim.tgid).isGone { try claims.delete(claim) } else { left += 1 }
    }
    return left
  }
}
