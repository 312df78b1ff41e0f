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
  package mutating func scanTasks() throws(BPFError) -> [NamespacePart: TaskChange] {
    try taskScan.read(by: taskIterator)
  }

  /// Reads what has changed since the last read. After an error, the next read returns all that is in the maps.
  ///
  /// - Complexity: 0.2 to 0.6 µs for each namespace; 2 ns for each possible entry of the maps. Identities are read only if one is
  ///   new.
  package mutating func read() throws(BPFError) -> Reading {
    do throws(BPFError) {
      return try readChanges()
    } catch {
      // What was read before the error would be missing.
      counts.forget()
      details?.forget()
      signals?.forget()
      entries = [:]
      identityCache.forget()
      parts?.forget()
      throw error
    }
  }

  private mutating func readChanges() throws(BPFError) -> Reading {
    var reading = Reading()
    var exemplars = exemplarCursor.next()
    let isFirst = entries.isEmpty
    for part in try unsafe counts.read({ unsafe reading.add($0, $1, &exemplars) }).added {
      entries[part, default: []].insert(.counts)
    }
    // Before the details and the signals, whose numbers of writes it contains.
    let before = try nodeSums()
    let changed = try unsafe details?.read(counted: before.details_counted) {
      (unsafe $1.load(as: UInt64.self), true)
    }
    for part in changed ?? [] {
      entries[part, default: []].insert(.details)
      reading.details.append((part, details?.counts[part] ?? [:]))
    }
    let died = try unsafe signals?.read(counted: ExitCounts(before.events).byReason[.signaled]) {
      let signal = unsafe $1.load(as: pidns_signal.self)
      return (signal.deaths, exemplars.recordDeath($0, signal.latest))
    }
    for part in died ?? [] {
      entries[part, default: []].insert(.deaths)
      reading.deaths.append((part, signals?.counts[part] ?? [:]))
    }
    // After all that is counted by part: the programs write the identity and the cgroup of a part first. Before the identities and
    // cgroups, whose numbers of writes it contains.
    reading.node = NodeCounts(try nodeSums())
    reading.newIdentities = try identityCache.read(written: reading.node.identitiesWritten)
    reading.identities = identityCache.identities
    reading.hasNewCgroups = try parts?.read(written: reading.node.cgroupsWritten) ?? false
    reading.cgroups = parts?.cache.cgroups ?? [:]
    reading.exemplars = exemplars.found
    reading.entries = entries
    if isFirst { reading.addZeros() }
    exemplarCursor = exemplars.cursor
    return reading
  }

  /// The node's counts, summed over the CPUs.
  private func nodeSums() throws(BPFError) -> pidns_node { try node.sumPerCPU(pidns_node(), cpus: cpus) }

  /// Frees the kernel's entries of an ended part, as found by the last read.
  ///
  /// - Throws: `BPFError` for the first entry that cannot be deleted; the others stay, too, until this is called again.
  package mutating func delete(_ part: NamespacePart) throws(BPFError) {
    if try counts.delete(part.key) { try parts?.release(part) }
    if part.isOfInit { try identityCache.delete(part.namespace) }
    try details?.delete(part)
    try signals?.delete(part)
    entries[part] = nil
  }
}
