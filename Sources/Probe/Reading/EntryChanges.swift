// SPDX-License-Identifier: Apache-2.0

/// Finds which entries of a map have changed since it was read last.
///
/// A hash is read in the order of its buckets, so an entry that stays has the same place in the next read, except for those that
/// were added or removed before it. Each entry is compared with that at its place: nothing is hashed or allocated for one that has
/// not changed. Whatever the order, no change is missed; another order only makes unchanged entries count as changed.
struct EntryChanges<Key: Hashable> {
  private struct Entry {
    let key: Key
    /// Stands for its value: two values have the same one once in 2^64.
    let mark: UInt64
  }

  /// How many entries in a row may have been removed before an entry is looked for elsewhere.
  private static var window: Int { 16 }

  /// The entries of the last read, and of this one.
  private var last: [Entry] = []
  private var current: [Entry] = []
  /// The place in `last` at which the next entry is expected.
  private var place = 0
  private var added: [Key] = []
  private var removed: [Key] = []

  /// The number of entries at the last read.
  var count: Int { last.count }

  /// Begins a read.
  ///
  /// - Parameter deleted: Entries of the last read that were deleted. One that is there again is new, whatever its value.
  mutating func begin(without deleted: Set<Key> = []) {
    if !deleted.isEmpty { last.removeAll { deleted.contains($0.key) } }
    current.removeAll(keepingCapacity: true)
    place = 0
    added = []
    removed = []
  }

  /// Adds an entry, and returns whether it is new or has another value than at the last read.
  mutating func isChanged(_ key: Key, _ mark: UInt64) -> Bool {
    current.append(Entry(key: key, mark: mark))
    let end = min(place + Self.window, last.count)
    var found = place
    while found < end && last[found].key != key { found += 1 }
    guard found < end else {
      added.append(key)
      return true
    }
    for index in place..<found { removed.append(last[index].key) }
    place = found + 1
    return last[found].mark != mark
  }

  /// Ends a read: the next one is compared with it.
  ///
  /// - Returns: The keys that were not in the last read, and those that were and are not in this one.
  mutating func end() -> (added: [Key], removed: [Key]) {
    for index in place..<last.count { removed.append(last[index].key) }
    swap(&last, &current)
    guard !added.isEmpty && !removed.isEmpty else { return (added, removed) }
    let moved = Set(added).intersection(removed)
    guard !moved.isEmpty else { return (added, removed) }
    return (added.filter { !moved.contains($0) }, removed.filter { !moved.contains($0) })
  }
}

/// The mark of a value: a hash of its bytes, with a key that is another one in each process.
enum ValueMark {
  private static let key = UInt64.random(in: .min ... .max)

  /// - Parameter size: A multiple of 8.
  /// - Complexity: O(size): a nanosecond for each 16 bytes.
  static func of(_ value: UnsafeRawPointer, size: Int) -> UInt64 {
    let key = key
    // Four sums that do not wait for each other.
    var (first, second, third, fourth) = (key, key &+ 1, key &+ 2, key &+ 3)
    var offset = 0
    while offset + 32 <= size {
      first = mix(first, unsafe value.load(fromByteOffset: offset, as: UInt64.self), key)
      second = mix(second, unsafe value.load(fromByteOffset: offset + 8, as: UInt64.self), key)
      third = mix(third, unsafe value.load(fromByteOffset: offset + 16, as: UInt64.self), key)
      fourth = mix(fourth, unsafe value.load(fromByteOffset: offset + 24, as: UInt64.self), key)
      offset += 32
    }
    while offset < size {
      first = mix(first, unsafe value.load(fromByteOffset: offset, as: UInt64.self), key)
      offset += 8
    }
    return mix(mix(mix(first, second, key), third, key), fourth, key)
  }

  /// Adds a word: both halves of a product of 128 bits depend on all bits of its factors.
  @inline(__always)
  private static func mix(_ sum: UInt64, _ word: UInt64, _ key: UInt64) -> UInt64 {
    let product = (sum ^ word).multipliedFullWidth(by: key | 1)
    return (product.high ^ product.low) &+ key
  }
}
