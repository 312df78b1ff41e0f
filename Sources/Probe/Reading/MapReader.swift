// SPDX-License-Identifier: Apache-2.0

import LibBPF

/// Reads a hash of the BPF programs at each poll, and reports what has changed.
struct MapReader<RawKey: BitwiseCopyable, Key: Hashable> {
  let map: BPFMap
  private let entries: HashEntries
  private let operation: String
  private let name: (RawKey) -> Key
  private var changes = EntryChanges<Key>()
  private var deleted: Set<Key> = []

  /// - Parameters:
  ///   - operation: The operation to name in errors.
  ///   - name: Returns the name of an entry.
  init(_ map: BPFMap, _ operation: String, name: @escaping (RawKey) -> Key) {
    self.map = map
    entries = map.entries
    self.operation = operation
    self.name = name
  }

  /// The number of entries at the last read, minus those deleted since.
  var count: Int { changes.count - deleted.count }

  /// Reads all entries, and calls `body` for those that are new or may have changed since the last read. After an error, all count
  /// as new at the next read.
  ///
  /// - Returns: The keys that were not in the last read, and those that were and are not in this one.
  /// - Complexity: In the kernel, 2 ns for each possible entry; 0.1 to 0.2 µs for each actual one.
  @discardableResult
  mutating func read(
    _ body: (Key, UnsafeRawPointer) -> Void
  ) throws(BPFError) -> (added: [Key], removed: [Key]) {
    var changes = EntryChanges<Key>()
    swap(&changes, &self.changes)
    changes.begin(without: deleted)
    deleted = []
    let (name, size) = (name, entries.valueSize)
    try unsafe entries.forEach(operation) { raw, value in
      let key = name(unsafe raw.load(as: RawKey.self))
      if changes.isChanged(key, unsafe ValueMark.of(value, size: size)) { unsafe body(key, value) }
    }
    let result = changes.end()
    self.changes = changes
    return result
  }

  /// Has all entries count as new at the next read.
  mutating func forget() {
    changes = EntryChanges()
    deleted = []
  }

  /// Deletes an entry, and returns whether there was one.
  @discardableResult
  mutating func delete(_ key: RawKey) throws(BPFError) -> Bool {
    guard try map.delete(key) else { return false }
    deleted.insert(name(key))
    return true
  }
}
