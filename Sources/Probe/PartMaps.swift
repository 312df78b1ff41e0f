// SPDX-License-Identifier: Apache-2.0

import CPidns
import Glibc
import LibBPF

/// The maps of parts: their cgroups and their number.
struct PartMaps {
  /// The inum of the host's PID namespace (`PROC_PID_INIT_INO`).
  private static let hostInum: UInt32 = 0xEFFF_FFFC

  private let map: BPFMap
  private let admitted: BPFMap
  private let released: BPFMap
  /// The maximum number of parts.
  private let limit: Int
  /// The inum of the namespace that has half of the parts.
  private let outermost: UInt32
  private(set) var cache: CgroupCache
  /// Parts that were deleted, by the element of `parts_released`: read once, as only one process writes it.
  private var counts: [UInt32: UInt64] = [:]

  /// - Parameter outermost: The inum of the outermost namespace; nil for the host's.
  init(_ loaded: borrowing LoadedPrograms, outermost: UInt32?) throws(BPFError) {
    map = try loaded.object.map(CounterMap.cgroups)
    admitted = try loaded.object.map(CounterMap.partsAdmitted)
    released = try loaded.object.map(CounterMap.partsReleased)
    cache = CgroupCache(map)
    self.outermost = outermost ?? Self.hostInum
    limit = Int(loaded.plan.constants.parts)
  }

  /// Reads the cgroups again, if there were writes since the last read, and returns whether there were.
  mutating func read(written: UInt64) throws(BPFError) -> Bool { try cache.read(written: written) }

  /// Has the next read return all.
  mutating func forget() { cache.forget() }

  /// Permits the BPF programs to add another part instead of a deleted one.
  mutating func release(_ part: NamespacePart) throws(BPFError) { try count(part, 1) }

  /// Changes the number of deleted parts, which wraps below 0: the programs subtract it.
  private mutating func count(_ part: NamespacePart, _ change: Int64) throws(BPFError) {
    for element in elements(of: part) {
      if counts[element] == nil { counts[element] = try released.value(of: element, as: UInt64.self) }
      counts[element, default: 0] &+= UInt64(bitPattern: change)
      try released.update(element, to: counts[element] ?? 0)
    }
  }

  /// Adds the cgroups of another layout that are missing, and notes those that were removed.
  ///
  /// - Returns: Those that are in the map now. For the others there is no room.
  func adopt(_ cgroups: [(id: UInt64, cgroup: pidns_cgroup)]) throws(BPFError) -> Set<UInt64> {
    var adopted: Set<UInt64> = []
    for (id, cgroup) in cgroups {
      do throws(BPFError) {
        if try !map.add(id, cgroup) && cgroup.removed != 0 { try map.update(id, to: cgroup) }
        adopted.insert(id)
      } catch {
        guard error.errno == E2BIG else { throw error }
      }
    }
    return adopted
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

  /// Counts the parts that were deleted anew: a killed process may have deleted one and not counted it, or the reverse.
  ///
  /// - Parameter parts: Reads the parts that exist. Called again if the programs have added one meanwhile.
  mutating func recount(_ parts: () throws(BPFError) -> [NamespacePart]) throws(BPFError) {
    let all = 0..<UInt32(PIDNS_PARTS_ELEMENTS)
    func admissions() throws(BPFError) -> [UInt64] {
      var numbers: [UInt64] = []
      for element in all { numbers.append(try admitted.value(of: element, as: UInt64.self) ?? 0) }
      return numbers
    }
    for _ in 1...3 {
      let before = try admissions()
      let existing = existing(in: try parts())
      guard try admissions() == before else { continue }
      for element in all {
        let number = before[Int(element)] &- UInt64(existing[element] ?? 0)
        guard try released.value(of: element, as: UInt64.self) != number else { continue }
        try released.update(element, to: number)
      }
      return counts = [:]
    }
  }

  /// Whether half of the parts that a namespace may have, or all may have, are in use.
  func isHalfFull(parts: some Sequence<NamespacePart>) -> Bool {
    existing(in: parts).contains { element, parts in
      let isOfMany = element == UInt32(PIDNS_PARTS_OUTERMOST) || element == UInt32(PIDNS_PARTS_OTHERS)
      return parts * 2 > limit / (isOfMany ? 2 : 16)
    }
  }

  /// The number of parts by the elements of `parts_admitted`.
  private func existing(in parts: some Sequence<NamespacePart>) -> [UInt32: Int] {
    var existing: [UInt32: Int] = [:]
    for part in parts {
      for element in elements(of: part) { existing[element, default: 0] += 1 }
    }
    return existing
  }

  /// The elements of `parts_admitted` that count a part: as in admission.h.
  private func elements(of part: NamespacePart) -> [UInt32] {
    if part.isOfInit { return [] }
    let inum = part.namespace.inum
    if inum == outermost { return [UInt32(PIDNS_PARTS_OUTERMOST)] }
    let first = UInt32(PIDNS_PARTS_BY_INUM)
    return [first + inum % (UInt32(PIDNS_PARTS_ELEMENTS) - first), UInt32(PIDNS_PARTS_OTHERS)]
  }
}
