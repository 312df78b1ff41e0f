// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF

/// How the tasks of a part differ between two scans.
package struct TaskChange: Equatable, Sendable {
  /// The differences of the counts, which wrap around below 0.
  package var counts = TaskCounts()
  /// The difference of the number of places at which the scan met tasks of the part: a part has a task if that number is not 0.
  package var places = 0

  /// No difference.
  package init() {}

  /// Adds tasks that were found at one place.
  package mutating func add(_ tasks: TaskCounts) {
    counts += tasks
    places += 1
  }

  /// Subtracts tasks that were found at one place.
  package mutating func subtract(_ tasks: TaskCounts) {
    counts -= tasks
    places -= 1
  }

  /// The difference over both.
  package func sum(with other: Self) -> Self {
    var sum = self
    sum += other
    return sum
  }

  /// Adds the difference between two later scans.
  package static func += (left: inout Self, right: Self) {
    left.counts += right.counts
    left.places += right.places
  }
}

/// Compares each scan of the tasks with the one before.
///
/// The kernel meets tasks in the order of their numbers. So most of a scan equals the last one, record by record, and cancels out.
/// What is left is added and subtracted: the differences are right whichever records were compared.
struct TaskScan {
  /// Successive tasks of one part.
  struct Record: Equatable {
    let part: NamespacePart
    let tasks: TaskCounts
  }

  /// How many records in a row may have gone before one is looked for elsewhere.
  private static let window = 16

  private var last: [Record] = []

  /// Scans all tasks, and returns the parts with other tasks than at the last scan. After an error, the next scan is compared with
  /// the same one as this.
  mutating func read(by iterator: Link) throws(BPFError) -> [NamespacePart: TaskChange] {
    var records: [Record] = []
    records.reserveCapacity(last.count + 16)
    try iterator.iterate(pidns_tasks.self, "scan the tasks") {
      records.append(Record(part: NamespacePart($0.part), tasks: TaskCounts($0)))
    }
    return changes(to: records)
  }

  /// Returns the differences from the last records to these.
  mutating func changes(to records: [Record]) -> [NamespacePart: TaskChange] {
    var changes: [NamespacePart: TaskChange] = [:]
    var place = 0
    for record in records {
      let end = min(place + Self.window, last.count)
      var found = place
      while found < end && last[found] != record { found += 1 }
      guard found < end else {
        changes[record.part, default: TaskChange()].add(record.tasks)
        continue
      }
      for index in place..<found {
        changes[last[index].part, default: TaskChange()].subtract(last[index].tasks)
      }
      place = found + 1
    }
    for index in place..<last.count {
      changes[last[index].part, default: TaskChange()].subtract(last[index].tasks)
    }
    last = records
    return changes.filter { $0.value != TaskChange() }
  }
}
