// SPDX-License-Identifier: Apache-2.0

import CPidns
import Glibc
package import LibBPF
import Platform

/// What programs of a new layout take over from those of another one that are attached.
struct Handover {
  private var sharesGates = false

  /// Nothing.
  init() {}

  /// Has an object go on with the maps that follow single tasks, if they are of the same form. Call before load.
  init(
    from pins: borrowing PinFolder?, to layout: String, _ plan: ProgramPlan, _ object: borrowing BPFObject
  ) throws(BPFError) {
    switch pins {
    case .some(let pins):
      guard let other = pins.layouts.first(where: { $0 != layout && !PinFolder.isReplaced($0) }) else {
        return
      }
      var shared: Set<CounterMap> = []
      for map in CounterMap.carriedOver where plan.usedMaps.contains(map) {
        guard let pinned = try pins.map(map, of: other), try pinned.map().shape == object.map(map).shape
        else {
          continue
        }
        try object.map(map).reuse(pinned)
        shared.insert(map)
      }
      sharesGates = shared.isSuperset(of: plan.mapsThatShareEvents)
    case .none: return
    }
  }

  /// Where tasks may be preempted between two programs, has both generations count, until the new one's gates are opened:
  /// the marks that they share keep an event from being counted twice. Call after load, and before the programs are attached.
  func prepare(_ object: borrowing BPFObject, attempts: Int, cpus: Int) throws(BPFError) {
    guard sharesGates && attempts > 1 else { return }
    let gates = try object.map(CounterMap.gates)
    for cpu in 0..<UInt32(cpus) { try gates.update(cpu, to: UInt32(PIDNS_ANY_GENERATION)) }
  }
}

extension KernelCounters {
  /// Counts of another layout, which no program adds to any more.
  package struct EarlierCounts: Sendable {
    /// The name of the layout, by which its pins are removed.
    package let layout: String
    /// The number of its map of counts; nil if that is not pinned.
    package let map: UInt32?
    /// The numbers that its map of counts may have: those of all maps that its programs use, if that is not pinned.
    package let maps: Set<UInt32>
    /// All that its maps have; nil if they have another form, which this program cannot read.
    package let reading: Reading?

    /// Whether its map of counts is, or may be, the one with a number.
    package func isOfMap(_ number: UInt32?) -> Bool { number.map(maps.contains) ?? false }
  }

  /// The result of a change from the programs of other layouts to these.
  package struct Change: Sendable {
    package var earlier: [EarlierCounts] = []
    /// CPUs on which an event at that moment may have been counted twice or not at all, as this process may not run there, or cannot
    /// wait for preempted programs.
    package var uncertainCPUs = 0
    /// Whether events of some milliseconds may be missing, or counted twice: the other programs look at other gates, and so were
    /// detached first, which the kernel does a little later.
    package var hasGap = false

    /// Nothing was changed.
    package init() {}
  }

  /// Has these programs count, and no others: opens their gates, and detaches those of other layouts.
  ///
  /// - Returns: What the others have counted. Remove their pins once that is saved.
  package mutating func takeOver(from pins: borrowing PinFolder) throws(BPFError) -> Change {
    var change = Change()
    var others = pins.layouts.filter { $0 != loaded.layout }
    change.hasGap = try hasGap(after: others, pins)
    // From here on, these programs note the removal of what the others have found until now.
    for other in others { try carryParts(of: other, pins) }
    if change.hasGap { for index in others.indices { others[index] = try pins.detach(others[index]) } }
    change.uncertainCPUs = try openGates()
    // From here on, that of what the others have found since then, too. Before, they note it themselves.
    for other in others { try carryParts(of: other, pins) }
    for other in others {
      let other = try pins.detach(other)
      try carryParts(of: other, pins)
      if attempts > 1 && !GracePeriod.wait() { change.uncertainCPUs = cpus }
      let map = try pins.map(.namespaces, of: other)?.map().id
      var maps = try PinnedLayout.check(other, in: pins)
      if let map { maps = [map] }
      change.earlier.append(
        EarlierCounts(layout: other, map: map, maps: maps, reading: try read(other, pins)))
    }
    return change
  }

  /// Whether events may be missing or counted twice until these programs are the only ones that count.
  ///
  /// Not if all look at the same gates, by the maps themselves, because the process that has loaded the programs may have been
  /// killed: others that share the gates were detached only after these had been opened.
  private func hasGap(after others: [String], _ pins: borrowing PinFolder) throws(BPFError) -> Bool {
    for map in loaded.plan.mapsThatShareEvents {
      let own = try loaded.object.map(map).id()
      for other in others {
        if try pins.map(map, of: other)?.map().id != own { return true }
      }
    }
    return false
  }

  /// Opens the gate of each CPU while running there: no event of that CPU is between two programs then.
  ///
  /// - Returns: The number of CPUs on which this thread may not run, of those that others may be running on.
  private func openGates() throws(BPFError) -> Int {
    let gates = try loaded.object.map(CounterMap.gates)
    var uncertain = 0
    try CPUAffinity.forEach(0..<cpus) { cpu, runsThere throws(BPFError) in
      let key = UInt32(cpu)
      guard try gates.value(of: key, as: UInt32.self) != loaded.generation else { return }
      let isOffline = ProcFile.read("/sys/devices/system/cpu/cpu\(cpu)/online") == "0\n"
      let exists = ProcFile.isReadable("/sys/devices/system/cpu/cpu\(cpu)")
      if !runsThere && exists && !isOffline { uncertain += 1 }
      try gates.update(key, to: loaded.generation)
    }
    return uncertain
  }

  /// Adds the parts of another layout whose cgroups exist, so that their removal will be noted; and notes it for those that
  /// were removed since they were added. Those without room in these maps are left out: their later events are counted with their
  /// namespace.
  private mutating func carryParts(of layout: String, _ pins: borrowing PinFolder) throws(BPFError) {
    guard parts != nil, let counts = try pins.map(.namespaces, of: layout),
      let cgroups = try pins.map(.cgroups, of: layout), try isReadable(counts, .namespaces),
      try isReadable(cgroups, .cgroups)
    else { return }
    var keys: [pidns_part] = []
    var found: [(id: UInt64, cgroup: pidns_cgroup)] = []
    // Parts first: the programs write the cgroup of a part before the part.
    try unsafe counts.entries().forEach("read the counts of another layout") { key, _ in
      let part = unsafe key.load(as: pidns_part.self)
      if part.cgroup != 0 { keys.append(part) }
    }
    try unsafe cgroups.entries().forEach("read the cgroups of another layout") {
      found.append((unsafe $0.load(as: UInt64.self), unsafe $1.load(as: pidns_cgroup.self)))
    }
    let adopted = try parts?.adopt(found) ?? []
    do throws(BPFError) {
      for key in keys where adopted.contains(key.cgroup) {
        if try self.counts.map.add(key, pidns_counts()) { try parts?.admit(NamespacePart(key)) }
      }
    } catch {
      guard error.errno == E2BIG else { throw error }
    }
  }

  private func isReadable(_ map: PinnedObject, _ name: CounterMap) throws(BPFError) -> Bool {
    try map.map().shape.hasSameEntries(as: loaded.object.map(name).shape)
  }

  /// Reads all counts of another layout; nil if their form is not the same.
  private func read(_ layout: String, _ pins: borrowing PinFolder) throws(BPFError) -> Reading? {
    var maps: [CounterMap: PinnedObject] = [:]
    for name: CounterMap in [.namespaces, .node, .details, .signals, .identities, .cgroups] {
      guard !loaded.plan.unusedMaps.contains(name) || name == .node, let map = try pins.map(name, of: layout)
      else {
        continue
      }
      guard try isReadable(map, name) else { return nil }
      maps[name] = map
    }
    guard let counts = maps[.namespaces] else { return nil }
    var reading = Reading()
    var exemplars = ExemplarCursor().next()
    try unsafe counts.entries().forEach("read the counts of another layout") {
      let part = NamespacePart(unsafe $0.load(as: pidns_part.self))
      reading.entries[part, default: []].insert(.counts)
      unsafe reading.add(part, $1, &exemplars)
    }
    reading.details = try unsafe Self.byKind(maps[.details], "read the details of another layout") {
      unsafe $1.load(as: UInt64.self)
    }
    for (part, _) in reading.details { reading.entries[part, default: []].insert(.details) }
    reading.deaths = try unsafe Self.byKind(maps[.signals], "read the signal deaths of another layout") {
      let signal = unsafe $1.load(as: pidns_signal.self)
      _ = exemplars.recordDeath($0, signal.latest)
      return signal.deaths
    }
    for (part, _) in reading.deaths { reading.entries[part, default: []].insert(.deaths) }
    reading.addZeros()
    if let node = maps[.node] { reading.node.add(try node.sumPerCPU(pidns_node(), cpus: cpus)) }
    try unsafe maps[.identities]?.entries().forEach("read the identities of another layout") {
      let namespace = PIDNamespace(unsafe $0.load(as: pidns_key.self))
      reading.identities[namespace] = NamespaceIdentity(unsafe $1.load(as: pidns_identity.self))
    }
    reading.newIdentities = reading.identities
    try unsafe maps[.cgroups]?.entries().forEach("read the cgroups of another layout") {
      reading.cgroups[unsafe $0.load(as: UInt64.self)] = PartCgroup(unsafe $1.load(as: pidns_cgroup.self))
    }
    reading.hasNewCgroups = true
    reading.exemplars = exemplars.found
    return reading
  }

  /// Reads a map of rare events by kind.
  private static func byKind(
    _ map: PinnedObject?, _ operation: String, count: (DetailName, UnsafeRawPointer) -> UInt64
  ) throws(BPFError) -> [(part: NamespacePart, counts: [CounterKey: UInt64])] {
    var found: [NamespacePart: [CounterKey: UInt64]] = [:]
    try unsafe map?.entries().forEach(operation) {
      let name = DetailName(unsafe $0.load(as: pidns_detail.self))
      guard let key = CounterKey(name) else { return }
      found[name.part, default: [:]][key] = unsafe count(name, $1)
    }
    return found.map { ($0.key, $0.value) }
  }
}
