// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc
import Platform

/// A map of a ``BPFObject``. The object must outlive it.
@safe package struct BPFMap {
  /// libbpf's handle.
  let map: OpaquePointer

  /// The map's file descriptor. Valid after the object is loaded.
  package var descriptor: Int32 { unsafe bpf_map__fd(map) }

  /// The maximum number of entries.
  package var capacity: Int { Int(unsafe bpf_map__max_entries(map)) }

  /// Sets the maximum number of entries. Call before load.
  package func resize(to entries: UInt32) throws(BPFError) {
    _ = try checked("size a BPF map", unsafe bpf_map__set_max_entries(map, entries))
  }

  /// Makes the kernel allocate entries on insertion instead of all at once (`BPF_F_NO_PREALLOC`). Call before
  /// load.
  package func allocateOnDemand() throws(BPFError) {
    _ = try checked(
      "set a BPF map's flags", unsafe bpf_map__set_map_flags(map, UInt32(BPF_F_NO_PREALLOC)))
  }

  /// Makes the kernel evict the least recently used entries if the map is full. Call before load.
  package func useLRU(capacity entries: UInt32) throws(BPFError) {
    try resize(to: entries)
    _ = try checked(
      "set a BPF map's type", unsafe bpf_map__set_type(map, BPF_MAP_TYPE_LRU_HASH))
  }

  /// Reads a value; nil if the key is missing. One system call.
  package func value<Key: BitwiseCopyable, Value: BitwiseCopyable>(
    of key: Key, as value: Value.Type
  ) throws(BPFError) -> Value? {
    var key = key
    let (result, value) = unsafe withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) {
      buffer -> (Int32, Value?) in
      let result = unsafe bpf_map_lookup_elem(descriptor, &key, buffer.baseAddress)
      return (result, result == 0 ? unsafe buffer[0] : nil)
    }
    if result != -ENOENT { _ = try checked("read an entry of a BPF map", result) }
    return value
  }

  /// Sets the value of a key. Adds the key if it is missing. One system call.
  package func update<Key: BitwiseCopyable, Value: BitwiseCopyable>(
    _ key: Key, to value: Value
  ) throws(BPFError) {
    var (key, value) = (key, value)
    _ = try checked(
      "write an entry of a BPF map", unsafe bpf_map_update_elem(descriptor, &key, &value, UInt64(BPF_ANY)))
  }

  /// Adds an entry unless there is one of this key, and returns whether it did. One system call.
  package func add<Key: BitwiseCopyable, Value: BitwiseCopyable>(
    _ key: Key, _ value: Value
  ) throws(BPFError) -> Bool {
    var (key, value) = (key, value)
    let result = unsafe bpf_map_update_elem(descriptor, &key, &value, UInt64(BPF_NOEXIST))
    guard result != -EEXIST else { return false }
    _ = try checked("add an entry of a BPF map", result)
    return true
  }

  /// Deletes an entry, and returns whether there was one. One system call.
  @discardableResult
  package func delete<Key: BitwiseCopyable>(_ key: Key) throws(BPFError) -> Bool {
    var key = key
    let result = unsafe bpf_map_delete_elem(descriptor, &key)
    guard result != -ENOENT else { return false }
    _ = try checked("delete an entry of a BPF map", result)
    return true
  }

  /// Reads the only entry of a per-CPU array, whose value consists of 64-bit counters, and returns their sums over the
  /// possible CPUs, which wrap around.
  ///
  /// - Parameters:
  ///   - zero: A value with all counters 0.
  ///   - cpus: The number of possible CPUs.
  package func sumPerCPU<Value: BitwiseCopyable>(_ zero: Value, cpus: Int) throws(BPFError) -> Value {
    try Self.sumPerCPU(descriptor, zero, cpus: cpus)
  }

  static func sumPerCPU<Value: BitwiseCopyable>(
    _ descriptor: Int32, _ zero: Value, cpus: Int
  ) throws(BPFError) -> Value {
    let words = MemoryLayout<Value>.size / 8
    let (result, sum) = unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: words * cpus) {
      buffer -> (Int32, Value) in
      var (only, sum) = (UInt32(0), zero)
      let result = unsafe bpf_map_lookup_elem(descriptor, &only, buffer.baseAddress)
      guard result == 0 else { return (result, sum) }
      unsafe withUnsafeMutableBytes(of: &sum) { sum in
        let sum = unsafe sum.assumingMemoryBound(to: UInt64.self)
        for cpu in 0..<cpus {
          for word in 0..<words { unsafe sum[word] &+= buffer[cpu * words + word] }
        }
      }
      return (0, sum)
    }
    _ = try checked("read a per-CPU BPF array", result)
    return sum
  }

  /// Reads all keys. Two system calls for each.
  package func keys<Key: BitwiseCopyable>(_ key: Key.Type) throws(BPFError) -> [Key] {
    var keys: [Key] = []
    let result = unsafe withUnsafeTemporaryAllocation(of: Key.self, capacity: 1) { buffer -> Int32 in
      var result = unsafe bpf_map_get_next_key(descriptor, nil, buffer.baseAddress)
      // Iteration may restart if the map changes meanwhile. The capacity bounds the loop.
      while result == 0 && keys.count < capacity {
        keys.append(unsafe buffer[0])
        result = unsafe bpf_map_get_next_key(descriptor, buffer.baseAddress, buffer.baseAddress)
      }
      return result == -ENOENT ? 0 : result
    }
    _ = try checked("read the keys of a BPF map", result)
    return keys
  }

  /// The memory that the kernel charges for the map, in bytes, from its descriptor's fdinfo; nil if it cannot
  /// be read.
  ///
  /// Since Linux 6.4 it is the actual memory; before, it is the maximum.
  package func memory() -> UInt64? {
    ProcFile.read("/proc/self/fdinfo/\(descriptor)")
      .flatMap { ProcFile.value(of: "memlock:", in: $0) }
      .flatMap { UInt64($0) }
  }
}
