// SPDX-License-Identifier: Apache-2.0

import CPidns

extension KernelCounters {
  /// What has changed in the kernel's maps since the last reading; in the first one, all that is in them.
  ///
  /// Counts are since the entry was made, and may be those of an earlier reading again.
  package struct Reading: Sendable {
    /// Starts in parts, summed over the CPUs.
    package var starts: [(part: NamespacePart, counts: ProcessCounts)] = []
    /// Exits in parts, and among them the deaths by signal.
    package var exits: [(part: NamespacePart, counts: ExitCounts, signals: [CounterKey: UInt64])] = []
    /// All exit codes and failed execs of parts.
    package var details: [(part: NamespacePart, counts: [CounterKey: UInt64])] = []
    /// The latest process of each kind, for kinds with an event since the last reading. It may contain one of an earlier
    /// reading again.
    package var exemplars: [(part: NamespacePart, process: ProcessExemplar)] = []
    /// The identities of namespaces whose init was seen: those that have changed, and all.
    package var newIdentities: [PIDNamespace: NamespaceIdentity] = [:]
    package var identities: [PIDNamespace: NamespaceIdentity] = [:]
    /// All cgroups of parts, by their number in ``NamespacePart``, and whether one has changed. Counts that are read after its
    /// removal are final.
    package var cgroups: [UInt64: PartCgroup] = [:]
    package var hasNewCgroups = false
    /// The node's counts, read after those of the namespaces.
    package var node = NodeCounts()
    /// The maps in which each part has counts.
    var entries: [NamespacePart: PartEntries] = [:]

    package init() {}

    /// Whether a part has an entry in the kernel's maps, changed or not.
    package func hasEntry(_ part: NamespacePart) -> Bool {
      entries[part] != nil || (part.isOfInit && identities[part.namespace] != nil)
    }

    /// Adds the entries of a part, and all of its counts if they have changed.
    package mutating func add(_ part: NamespacePart, _ events: EventCounts, isChanged: Bool = true) {
      entries[part] = [.starts, .exits]
      guard isChanged else { return }
      starts.append((part, events.counts))
      exits.append((part, events.exits, events.details.filter { $0.key.isSignalDeath }))
      details.append((part, events.details.filter { !$0.key.isSignalDeath }))
    }

    /// Adds an entry of the map of starts: the counts of each CPU.
    mutating func addStarts(
      _ part: NamespacePart, _ perCPU: UnsafeRawPointer, cpus: Int, _ exemplars: inout ExemplarReading
    ) {
      var (counts, latest) = (ProcessCounts(), pidns_exemplar())
      for cpu in 0..<cpus {
        let share = unsafe perCPU.load(
          fromByteOffset: cpu * MemoryLayout<pidns_counts>.stride, as: pidns_counts.self)
        counts = counts.combined(with: ProcessCounts(share), &+)
        if share.latest_exec.time > latest.time { latest = share.latest_exec }
      }
      starts.append((part, counts))
      exemplars.record(latest, .exec, of: part)
    }

    /// Adds an entry of the map of exits.
    mutating func addExits(
      _ part: NamespacePart, _ value: UnsafeRawPointer, _ exemplars: inout ExemplarReading
    ) {
      let exits = unsafe value.load(as: pidns_exits.self)
      self.exits.append((part, ExitCounts(exits), CounterKey.signalDeaths(in: exits)))
      exemplars.record(exits, of: part)
    }

    /// Adds zeros for parts that have an entry in one of the maps of starts and exits only.
    mutating func addZeros() {
      for (part, entries) in entries {
        if !entries.contains(.starts) { starts.append((part, ProcessCounts())) }
        if !entries.contains(.exits) { exits.append((part, ExitCounts(), [:])) }
      }
    }
  }
}

/// The maps in which a part has counts.
struct PartEntries: OptionSet {
  let rawValue: UInt8

  static let starts = PartEntries(rawValue: 1)
  static let exits = PartEntries(rawValue: 2)
  static let details = PartEntries(rawValue: 4)
}
