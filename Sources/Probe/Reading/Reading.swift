// SPDX-License-Identifier: Apache-2.0

import CPidns

extension KernelCounters {
  /// What has changed in the kernel's maps since the last reading; in the first one, all that is in them.
  ///
  /// Counts are since the entry was made, and may be those of an earlier reading again.
  package struct Reading: Sendable {
    /// The counts of parts, without details.
    package var counts: [(part: NamespacePart, counts: EventCounts)] = []
    /// All signal deaths of parts.
    package var deaths: [(part: NamespacePart, counts: [CounterKey: UInt64])] = []
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
      entries[part] = [.counts, .deaths, .details]
      guard isChanged else { return }
      counts.append((part, EventCounts(events.counts, exits: events.exits)))
      deaths.append((part, events.details.filter { $0.key.isSignalDeath }))
      details.append((part, events.details.filter { !$0.key.isSignalDeath }))
    }

    /// Adds the value of an entry of the map of counts.
    mutating func add(_ part: NamespacePart, _ value: UnsafeRawPointer, _ exemplars: inout ExemplarReading) {
      let counts = unsafe value.load(as: pidns_counts.self)
      self.counts.append((part, EventCounts(counts)))
      exemplars.record(counts, of: part)
    }

    /// Adds zeros for what a part has no entry of: it may have had one in an earlier process.
    mutating func addZeros() {
      for (part, entries) in entries {
        if !entries.contains(.counts) { counts.append((part, EventCounts())) }
        if !entries.contains(.deaths) { deaths.append((part, [:])) }
        if !entries.contains(.details) { details.append((part, [:])) }
      }
    }
  }
}

/// The maps in which a part has counts.
struct PartEntries: OptionSet {
  let rawValue: UInt8

  static let counts = PartEntries(rawValue: 1)
  static let deaths = PartEntries(rawValue: 2)
  static let details = PartEntries(rawValue: 4)
}
