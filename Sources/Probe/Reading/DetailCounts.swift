// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF

/// The entries of a map of rare events by kind at the last read, minus those deleted since.
///
/// Only the exporter deletes them. So an entry that a read lacks keeps its last count: otherwise its events would be counted again
/// when the next read has it. This was suspected once, on 6.1 with PREEMPT_RT and very little CPU, and not seen again.
struct DetailCounts {
  private(set) var reader: MapReader<pidns_detail, DetailName>
  /// Events by part and kind.
  private(set) var counts: [NamespacePart: [CounterKey: UInt64]] = [:]
  /// The number of such events on the node when they were read; nil if an exemplar must be read again.
  private var counted: UInt64? = 0

  /// - Parameter operation: The operation to name in errors.
  init(_ map: BPFMap, _ operation: String) { reader = MapReader(map, operation) { DetailName($0) } }

  /// Reads the map again if there were such events since the last read.
  ///
  /// - Parameters:
  ///   - counted: The number of events on the node, read before this: a program counts in the map first.
  ///   - count: Returns the count in a value; nil if it must be read again.
  /// - Returns: The parts whose counts have changed.
  mutating func read(
    counted: UInt64, _ count: (DetailName, UnsafeRawPointer) -> (events: UInt64, isWhole: Bool)
  ) throws(BPFError) -> Set<NamespacePart> {
    guard counted != self.counted else { return [] }
    var (counts, isWhole, changed) = (counts, true, Set<NamespacePart>())
    try unsafe reader.read { name, value in
      guard let key = CounterKey(name) else { return }
      let count = unsafe count(name, value)
      if !count.isWhole { isWhole = false }
      counts[name.part, default: [:]][key] = count.events
      changed.insert(name.part)
    }
    self.counts = counts
    self.counted = isWhole ? counted : nil
    return changed
  }

  /// Deletes the entries of a part.
  mutating func delete(_ part: NamespacePart) throws(BPFError) {
    for key in (counts[part] ?? [:]).keys { try reader.delete(key.key(in: part)) }
    counts[part] = nil
  }

  /// Has the next read return all.
  mutating func forget() {
    reader.forget()
    counts = [:]
    counted = 0
  }
}

/// Names an entry of the maps of details and of signals.
struct DetailName: Hashable {
  let part: NamespacePart
  let kind: UInt32
  let value: UInt32

  init(_ detail: pidns_detail) {
    part = NamespacePart(detail.part)
    kind = detail.kind
    value = detail.value
  }
}
