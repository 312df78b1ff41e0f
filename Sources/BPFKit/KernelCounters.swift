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

  /// The version of libbpf that is linked in, as in `1.1`.
  public static var libbpfVersion: String { "\(libbpf_major_version()).\(libbpf_minor_version())" }

  /// How this kernel's exits are detected.
  public let exitDetection: ExitDetection
  /// Whether map entries are allocated when they are needed, or all of them at the start.
  public let allocatesOnDemand: Bool

  private let forkHook: Link
  private let execHook: Link
  private let exitHook: Link
  private let freeHook: Link?
  private let namespaceWalk: Link
  private let countsRead: Link
  private let object: BPFObject
  private let namespaces: BPFMap
  private let node: BPFMap
  private let claims: BPFMap?
  private let cpus: Int

  /// Loads and attaches; from when this returns, every event is counted.
  ///
  /// - Parameters:
  ///   - mapEntries: Namespaces that the kernel can tell apart at one time, with those that ended
  ///     since the last read.
  ///   - exitDetection: nil takes what the kernel's BTF says is best.
  /// - Throws: `BPFError` for the first step that fails; nothing stays loaded or attached then.
  public init(mapEntries: UInt32, exitDetection: ExitDetection? = nil) throws(BPFError) {
    let features = try KernelFeatures.probe()
    let detection = exitDetection ?? (features.exitTellsGroupDead ? .groupDead : .claimed)
    let object = try BPFObject(embedded: EmbeddedObject.pidns, name: "pidns")

    let cpus = Int(try checked("count the CPUs", libbpf_num_possible_cpus()))
    try object.configure(pidns_config(possible_cpus: UInt32(cpus)))
    let namespaces = try object.map("namespaces")
    try namespaces.resize(to: mapEntries)
    let node = try object.map("node")
    let claims = try object.map("exit_claims")
    if features.hashesAllocateSafely {
      try namespaces.allocateOnDemand()
      try claims.allocateOnDemand()
    }
    switch detection {
    case .groupDead:
      try object.leaveOut(program: "process_exit_claimed")
      try object.leaveOut(program: "process_free")
      try object.leaveOut(map: "exit_claims")
    case .claimed:
      try object.leaveOut(program: "process_exit")
    }
    try object.load()

    let freeHook = detection == .claimed ? try object.attach("process_free") : nil
    let exitHook = try object.attach(detection == .claimed ? "process_exit_claimed" : "process_exit")
    let execHook = try object.attach("process_exec")
    let forkHook = try object.attach("process_fork")
    let namespaceWalk = try object.attachIterator("live_namespaces")
    let countsRead = try object.attachIterator("namespace_counts", over: namespaces)

    self.exitDetection = detection
    self.allocatesOnDemand = features.hashesAllocateSafely
    self.freeHook = freeHook
    self.exitHook = exitHook
    self.execHook = execHook
    self.forkHook = forkHook
    self.namespaceWalk = namespaceWalk
    self.countsRead = countsRead
    self.object = object
    self.namespaces = namespaces
    self.node = node
    self.claims = detection == .claimed ? claims : nil
    self.cpus = cpus
  }

  /// Walks every task and answers the namespaces that have one.
  ///
  /// One that begins while the walk is under way may be missing; one that is missing and was there
  /// before has ended, and all of its events have been counted.
  ///
  /// - Complexity: 0.6 µs for each task, in the kernel.
  public func liveNamespaces() throws(BPFError) -> [PIDNamespace] {
    var live: [PIDNamespace] = []
    try namespaceWalk.iterate(pidns_key.self, "walk the tasks") { live.append(PIDNamespace($0)) }
    return live
  }

  /// Reads the counts of every namespace that had an event, summed over the CPUs.
  ///
  /// An insertion that happens meanwhile can make the kernel hand over a namespace twice: the later
  /// counts are the newer. Deletions are the caller's own.
  ///
  /// - Complexity: 0.3 µs for each entry, in the kernel, and more with very many CPUs.
  public func counts() throws(BPFError) -> [(namespace: PIDNamespace, counts: ProcessCounts)] {
    var counts: [(PIDNamespace, ProcessCounts)] = []
    try countsRead.iterate(pidns_entry.self, "read the namespaces' counts") {
      counts.append((PIDNamespace($0.key), ProcessCounts($0.counts)))
    }
    return counts
  }

  /// Reads the node's counts, summed over the CPUs. One system call.
  public func nodeCounts() throws(BPFError) -> NodeCounts {
    var counts = NodeCounts()
    try node.readPerCPU(pidns_node.self, cpus: cpus) { counts.add($0) }
    return counts
  }

  /// Frees the kernel's entry of a namespace that has ended and whose counts have been read.
  public func delete(_ namespace: PIDNamespace) throws(BPFError) {
    try namespaces.delete(namespace.key)
  }

  /// Reads how the programs have fared. A system call for each of them.
  public func programs() throws(BPFError) -> [ProgramStatus] {
    let exits =
      switch exitDetection {
      case .groupDead: ["process_exit"]
      case .claimed: ["process_exit_claimed", "process_free"]
      }
    var statuses: [ProgramStatus] = []
    for name in ["process_exec"] + exits + ["process_fork", "live_namespaces", "namespace_counts"] {
      statuses.append(try object.status(ofProgram: name))
    }
    return statuses
  }

  /// Reads how the maps have fared. A few system calls for each of them.
  ///
  /// - Parameter namespaceEntries: What the last read of the counts found, so that it is not read again.
  public func maps(namespaceEntries: Int) throws(BPFError) -> [MapStatus] {
    var statuses = [
      MapStatus(map: "namespaces", of: namespaces, entries: namespaceEntries),
      MapStatus(map: "node", of: node, entries: 1),
    ]
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
