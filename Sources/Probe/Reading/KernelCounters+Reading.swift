// SPDX-License-Identifier: Apache-2.0

import CPidns
package import LibBPF

extension KernelCounters {
  /// Scans all tasks and returns the parts whose tasks have changed since the last scan.
  ///
  /// A namespace that begins during the scan may be missing. If a namespace of an earlier scan is missing, it has
  /// ended, and all of its events have been counted. Without the collector `tasks`, the counts are zero.
  ///
  /// - Complexity: 0.3 to 0.8 µs for each task, in the kernel.
  package mutating func walkTasks() throws(BPFError) -> [NamespacePart: TaskChange] {
    try taskScan.read(by: taskWalk)
  }

  /// Reads what has changed since the last read. After an error, the next read returns all that is in the maps.
  ///
  /// - Complexity: By `make bench`, 0.2 to 0.4 µs for each namespace, and more with very many CPUs; 2 ns for each possible entry
  ///   of the maps. Identities are read only if one is new.
  package mutating func read() throws(BPFError) -> Reading {
    do throws(BPFError) {
      return try readChanges()
    } catch {
      // What was read before the error would be missing.
      exits.forget()
      starts.forget()
      details?.forget()
      entries = [:]
      lastDetails = [:]
      lastDetailsCounted = 0
      identityCache.forget()
      parts?.forget()
      throw error
    }
  }

  private mutating func readChanges() throws(BPFError) -> Reading {
    var reading = Reading()
    var exemplars = exemplarCursor.next()
    let isFirst = entries.isEmpty
    // Exits first: every process among them has started before the counts are read.
    let exits = try unsafe self.exits.read { unsafe reading.addExits($0, $1, &exemplars) }
    let cpus = cpus
    let starts = try unsafe self.starts.read { unsafe reading.addStarts($0, $1, cpus: cpus, &exemplars) }
    for part in exits.added { entries[part, default: []].insert(.exits) }
    for part in starts.added { entries[part, default: []].insert(.starts) }
    forget(exits.removed, .exits)
    forget(starts.removed, .starts)
    // A part that is in one of the maps only has no counts of the other, also if it had some before.
    for part in exits.removed where entries[part] != nil { reading.exits.append((part, ExitCounts(), [:])) }
    for part in starts.removed where entries[part] != nil { reading.starts.append((part, ProcessCounts())) }
    // After the counts, which the programs write after the identities. Before the identities and cgroups, whose numbers
    // of writes it contains.
    let before = try nodeCounts()
    try readDetails(counted: before.detailsCounted, into: &reading)
    reading.newIdentities = try identityCache.read(written: before.identitiesWritten)
    reading.identities = identityCache.identities
    reading.hasNewCgroups = try parts?.read(written: before.cgroupsWritten) ?? false
    reading.cgroups = parts?.cache.cgroups ?? [:]
    if signalExemplars != nil {
      try exemplars.read(by: &signalExemplars, deaths: before.total.exits.byReason[.signaled])
    }
    reading.node = try nodeCounts()
    reading.exemplars = exemplars.found
    reading.entries = entries
    if isFirst { reading.addZeros() }
    exemplarCursor = exemplars.cursor
    return reading
  }

  private mutating func forget(_ parts: [NamespacePart], _ map: PartEntries) {
    for part in parts {
      guard let rest = entries[part]?.subtracting(map) else { continue }
      entries[part] = rest.isEmpty ? nil : rest
    }
  }

  /// Reads the details again if there are more than before.
  private mutating func readDetails(counted: UInt64, into reading: inout Reading) throws(BPFError) {
    guard counted != lastDetailsCounted, details != nil else { return }
    var known = lastDetails
    var changed: Set<NamespacePart> = []
    let removed = try unsafe details?.read { name, value in
      guard let kind = CounterKey(name) else { return }
      known[name.part, default: [:]][kind] = unsafe value.load(as: UInt64.self)
      changed.insert(name.part)
    }.removed
    for part in changed { entries[part, default: []].insert(.details) }
    for name in removed ?? [] {
      guard let kind = CounterKey(name), known[name.part]?.removeValue(forKey: kind) != nil else { continue }
      changed.insert(name.part)
      guard known[name.part]?.isEmpty == true else { continue }
      known[name.part] = nil
      forget([name.part], .details)
    }
    for part in changed where entries[part] != nil { reading.details.append((part, known[part] ?? [:])) }
    lastDetails = known
    lastDetailsCounted = counted
  }

  private func nodeCounts() throws(BPFError) -> NodeCounts {
    var counts = NodeCounts()
    counts.add(try node.sumPerCPU(pidns_node(), cpus: cpus))
    return counts
  }

  /// Frees the kernel's entries of an ended part, as found by the last read.
  ///
  /// - Throws: `BPFError` for the first entry that cannot be deleted; the others stay, too, until this is called again.
  package mutating func delete(_ part: NamespacePart) throws(BPFError) {
    var signals: [CounterKey] = []
    if signalExemplars != nil, let counts = try exits.map.value(of: part.key, as: pidns_exits.self) {
      signals = Array(CounterKey.signalDeaths(in: counts).keys)
    }
    try exits.delete(part.key)
    if try starts.delete(part.key) { try parts?.release(part) }
    if part.isOfInit { try identityCache.delete(part.namespace) }
    for key in (lastDetails[part] ?? [:]).keys.compactMap({ $0.key(in: part) }) { try details?.delete(key) }
    lastDetails[part] = nil
    for key in signals.compactMap({ $0.exemplarKey(in: part) }) { try signalExemplars?.delete(key) }
    entries[part] = nil
  }
}
