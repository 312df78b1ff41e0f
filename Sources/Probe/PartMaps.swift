// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF

/// The maps of parts: their cgroups and their number.
struct PartMaps {
  /// The inum of the host's PID namespace (`PROC_PID_INIT_INO`).
  private static let hostInum: UInt32 = 0xEFFF_FFFC

  private let map: BPFMap
  private let released: BPFMap
  /// The inum of the namespace that has half of the parts.
  private let outermost: UInt32
  private(set) var cache: CgroupCache
  /// Parts that were deleted, by the element of `parts_released`: read once, as only one process writes it.
  private var counts: [UInt32: UInt64] = [:]

  /// - Parameter outermost: The inum of the outermost namespace; nil for the host's.
  init(_ loaded: borrowing LoadedPrograms, outermost: UInt32?) throws(BPFError) {
    map = try loaded.object.map(CounterMap.cgroups)
    released = try loaded.object.map(CounterMap.partsReleased)
    cache = CgroupCache(map)
    self.outermost = outermost ?? Self.hostInum
  }

  /// Reads the cgroups again, if there were writes since the last read, and returns whether there were.
  mutating func read(written: UInt64) throws(BPFError) -> Bool { try cache.read(written: written) }

  /// Has the next read return all.
  mutating func forget() { cache.forget() }

  /// Permits the BPF programs to add another part instead of a deleted one.
  mutating func release(_ part: NamespacePart) throws(BPFError) { try count(part, 1) }

  /// Changes the number of deleted parts, which wraps below 0: the programs subtract it.
  private mutating func count(_ part: NamespacePart, _ change: Int64) throws(BPFError) {
    guard !part.isOfInit else { return }
    let element = element(of: part.namespace.inum)
    var elements = [element]
    if element != UInt32(PIDNS_PARTS_OUTERMOST) {
      elements.append(UInt32(PIDNS_PARTS_OTHERS))
    }
    for element in elements {
      if counts[element] == nil { counts[element] = try released.value(of: element, as: UInt64.self) }
      counts[element, default: 0] &+= UInt64(bitPattern: change)
      try released.update(element, to: counts[element] ?? 0)
    }
  }

  /// Adds the cgroups of another layout that are missing, and notes those that were removed.
  func adopt(_ cgroups: [(id: UInt64, cgroup: pidns_cgroup)]) throws(BPFError) {
    for entry in cgroups {
      let own = try map.value(of: entry.id, as: pidns_cgroup.self)
      guard own == nil || (own?.removed == 0 && entry.cgroup.removed != 0) else { continue }
      try map.update(entry.id, to: entry.cgroup)
    }
  }

  /// Counts a part that user space has added, as one deleted less.
  mutating func admit(_ part: NamespacePart) throws(BPFError) { try count(part, -1) }

  /// Deletes the removed cgroups without a part, as found by the last read.
  mutating func removeStaleEntries(parts: some Sequence<NamespacePart>) throws(BPFError) {
    var stale = cache.removedBefore
    guard !stale.isEmpty else { return }
    for part in parts { stale.remove(part.cgroup) }
    for cgroup in stale {
      try cache.delete(cgroup)
    }
  }

  private func element(of inum: UInt32) -> UInt32 {
    if inum == outermost { return UInt32(PIDNS_PARTS_OUTERMOST) }
    let first = UInt32(PIDNS_PARTS_BY_INUM)
    return first + inum % (UInt32(PIDNS_PARTS_ELEMENTS) - first)
  }
}
