// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Probe

/// Comparisons of reads and scans with those before, against plain tables.
@Suite struct EntryChangesTests {
  @Test("An unchanged map has no changes; each change is found at its place")
  func places() {
    var changes = EntryChanges<Int>()
    #expect(read(&changes, [(1, 10), (2, 20), (3, 30)]).changed == [1, 2, 3])
    #expect(read(&changes, [(1, 10), (2, 20), (3, 30)]) == Result())
    #expect(read(&changes, [(1, 10), (2, 21), (3, 30)]) == Result(changed: [2]))
    #expect(read(&changes, [(1, 10), (3, 30)]) == Result(removed: [2]))
    #expect(read(&changes, [(4, 1), (1, 10), (3, 30)]) == Result(changed: [4], added: [4]))
  }

  @Test("An entry that was deleted and is there again with the same value is new")
  func deleted() {
    var changes = EntryChanges<Int>()
    _ = read(&changes, [(1, 10), (2, 20)])
    #expect(read(&changes, [(1, 10), (2, 20)], without: [2]) == Result(changed: [2], added: [2]))
    #expect(read(&changes, [(1, 10)], without: [2]) == Result())
  }

  @Test("Random maps: no change is missed, in whatever order they are read")
  func random() {
    var random = SeededGenerator.printingSeed("EntryChangesTests.random")
    for _ in 0..<50 {
      var changes = EntryChanges<Int>()
      var map: [(Int, UInt64)] = []
      var before: [Int: UInt64] = [:]
      for _ in 0..<30 {
        change(&map, &random)
        let result = read(&changes, map)
        let now = Dictionary(uniqueKeysWithValues: map)
        #expect(result.changed.isSuperset(of: now.filter { before[$0.key] != $0.value }.keys))
        #expect(result.added == Set(now.keys).subtracting(before.keys))
        #expect(result.removed == Set(before.keys).subtracting(now.keys))
        before = now
      }
    }
  }

  /// Changes, removes and inserts some entries, and sometimes shuffles all.
  private func change(_ map: inout [(Int, UInt64)], _ random: inout SeededGenerator) {
    map.removeAll { _ in Int.random(in: 0..<8, using: &random) == 0 }
    for index in map.indices where Int.random(in: 0..<4, using: &random) == 0 { map[index].1 += 1 }
    for _ in 0..<Int.random(in: 0...20, using: &random) {
      let key = Int.random(in: 0..<200, using: &random)
      guard !map.contains(where: { $0.0 == key }) else { continue }
      map.insert((key, 0), at: Int.random(in: 0...map.count, using: &random))
    }
    if Int.random(in: 0..<10, using: &random) == 0 { map.shuffle(using: &random) }
  }

  private struct Result: Equatable {
    var changed: Set<Int> = []
    var added: Set<Int> = []
    var removed: Set<Int> = []
  }

  private func read(
    _ changes: inout EntryChanges<Int>, _ map: [(Int, UInt64)], without deleted: Set<Int> = []
  ) -> Result {
    var result = Result()
    changes.begin(without: deleted)
    for (key, mark) in map where changes.isChanged(key, mark) { result.changed.insert(key) }
    let (added, removed) = changes.end()
    (result.added, result.removed) = (Set(added), Set(removed))
    #expect(changes.count == map.count)
    return result
  }

  @Test("Two values that differ in one bit, or have changed places, have different marks")
  func marks() {
    var words = [UInt64](repeating: 0, count: 17)
    var marks: Set<UInt64> = [mark(words)]
    for bit in 0..<(17 * 64) {
      words[bit / 64] = 1 << (bit % 64)
      marks.insert(mark(words))
      words[bit / 64] = 0
    }
    #expect(marks.count == 17 * 64 + 1)
    words[0] = 5
    let before = mark(words)
    words.swapAt(0, 4)
    #expect(mark(words) != before)
  }

  private func mark(_ words: [UInt64]) -> UInt64 {
    unsafe words.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return 0 }
      return unsafe ValueMark.of(start, size: bytes.count)
    }
  }

  @Test("Random scans: the differences add up to the last one")
  func scans() {
    var random = SeededGenerator.printingSeed("EntryChangesTests.scans")
    for _ in 0..<50 {
      var scan = TaskScan()
      var records: [TaskScan.Record] = []
      var sums: [NamespacePart: TaskChange] = [:]
      for _ in 0..<30 {
        records.removeAll { _ in Int.random(in: 0..<6, using: &random) == 0 }
        for _ in 0..<Int.random(in: 0...12, using: &random) {
          let part = NamespacePart(PIDNamespace(inum: .random(in: 0..<8, using: &random), generation: 1))
          let tasks = TaskCounts(processes: .random(in: 0...2, using: &random), threads: 2)
          records.insert(
            .init(part: part, tasks: tasks), at: Int.random(in: 0...records.count, using: &random))
        }
        for (part, change) in scan.changes(to: records) { sums[part, default: TaskChange()] += change }
        var expected: [NamespacePart: TaskChange] = [:]
        for record in records { expected[record.part, default: TaskChange()].add(record.tasks) }
        #expect(sums.filter { $0.value != TaskChange() } == expected)
      }
    }
  }

  @Test("Scans that are equal have no differences")
  func equalScans() {
    var scan = TaskScan()
    let records = (0..<5).map {
      TaskScan.Record(
        part: NamespacePart(PIDNamespace(inum: $0 % 2, generation: 1)), tasks: TaskCounts(processes: 1))
    }
    #expect(scan.changes(to: records).count == 2)
    #expect(scan.changes(to: records).isEmpty)
  }
}
