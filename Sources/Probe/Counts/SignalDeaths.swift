// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF

/// The entries of the map of signals at the last read, minus those deleted since.
struct SignalDeaths {
  /// Deaths by part and signal.
  private(set) var counts: [NamespacePart: [CounterKey: UInt64]] = [:]
  /// The number of deaths on the node when they were read; nil if an exemplar must be read again.
  private var counted: UInt64? = 0

  /// The number of entries.
  var entries: Int { counts.values.reduce(0) { $0 + $1.count } }

  /// Reads the map again if there were deaths since the last read.
  ///
  /// - Parameter counted: The number of deaths on the node, read before this: a program counts in the map first.
  mutating func read(
    by iterator: Link, counted: UInt64, _ exemplars: inout ExemplarReading
  ) throws(BPFError) {
    guard counted != self.counted else { return }
    var found: [NamespacePart: [CounterKey: UInt64]] = [:]
    var reading = exemplars
    var isWhole = true
    try iterator.iterate(pidns_signal_entry.self, "read the deaths by signal") {
      guard let key = CounterKey($0.detail) else { return }
      let part = NamespacePart($0.detail.part)
      let kind = ProcessExemplar.Kind.signalDeath(Int32(truncatingIfNeeded: $0.detail.value))
      found[part, default: [:]][key] = $0.signal.deaths
      if !reading.record($0.signal.latest, kind, of: part) { isWhole = false }
    }
    exemplars = reading
    counts = found
    self.counted = isWhole ? counted : nil
  }

  /// Removes the entries of a part, and returns their keys.
  mutating func remove(_ part: NamespacePart) -> [pidns_detail] {
    counts.removeValue(forKey: part)?.keys.map { $0.key(in: part) } ?? []
  }
}
