// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc

/// Reads all entries of a hash, in batches: a system call for each 64 KiB of values.
///
/// The kernel copies whole buckets, so it returns each entry once, also while others are inserted or deleted. The order is that of
/// the buckets: it stays the same for entries that stay.
@safe package struct HashEntries {
  private static let batchBytes = 64 * 1024

  private let descriptor: Int32
  private let keySize: Int
  /// The bytes of a value.
  package let valueSize: Int

  init(_ descriptor: Int32, keySize: UInt32, valueSize: UInt32) {
    self.descriptor = descriptor
    self.keySize = Int(keySize)
    self.valueSize = Int(valueSize)
  }

  /// Calls `body` with the bytes of each key and value, which are valid during the call only.
  ///
  /// - Parameter operation: The operation to name in errors.
  package func forEach(
    _ operation: String, _ body: (_ key: UnsafeRawPointer, _ value: UnsafeRawPointer) -> Void
  ) throws(BPFError) {
    var capacity = max(16, Self.batchBytes / valueSize)
    // The kernel's position after the last batch.
    var position: UInt32?
    while true {
      let result = unsafe readBatches(of: capacity, from: &position, body)
      if result != -ENOSPC {
        _ = try checked(operation, result)
        return
      }
      // A bucket has more entries.
      capacity *= 2
    }
  }

  private func readBatches(
    of capacity: Int, from position: inout UInt32?, _ body: (UnsafeRawPointer, UnsafeRawPointer) -> Void
  ) -> Int32 {
    unsafe withUnsafeTemporaryAllocation(byteCount: capacity * (keySize + valueSize), alignment: 8) {
      buffer -> Int32 in
      guard let values = buffer.baseAddress else { return -ENOMEM }
      let keys = unsafe values + capacity * valueSize
      while true {
        var (from, next, count) = (position ?? 0, UInt32(0), UInt32(capacity))
        let result =
          unsafe position == nil
          ? bpf_map_lookup_batch(descriptor, nil, &next, keys, values, &count, nil)
          : bpf_map_lookup_batch(descriptor, &from, &next, keys, values, &count, nil)
        guard result == 0 || result == -ENOENT else { return result }
        for index in 0..<Int(count) {
          unsafe body(UnsafeRawPointer(keys + index * keySize), UnsafeRawPointer(values + index * valueSize))
        }
        if result == -ENOENT { return 0 }
        position = next
      }
    }
  }
}

extension BPFMap {
  /// The entries of a hash whose values are shared by the CPUs.
  package var entries: HashEntries {
    HashEntries(
      descriptor, keySize: unsafe bpf_map__key_size(map), valueSize: unsafe bpf_map__value_size(map))
  }
}

extension PinnedObject {
  /// As of ``BPFMap/entries``.
  package func entries() throws(BPFError) -> HashEntries {
    let shape = try map().shape
    return HashEntries(descriptor, keySize: shape.keySize, valueSize: shape.valueSize)
  }
}
