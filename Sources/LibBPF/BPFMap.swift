// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc
import Platform

/// A map of an object that its owner keeps open.
@safe package struct BPFMap {
  /// libbpf's handle.
  let map: OpaquePointer

  /// The map's file descriptor; valid once the object is loaded.
  package var descriptor: Int32 { unsafe bpf_map__fd(map) }

  /// How many entries it can hold.
  package var capacity: Int { Int(unsafe bpf_map__max_entries(map)) }

  /// Sets how many entries it can hold. Before load.
  package func resize(to entries: UInt32) throws(BPFError) {
    _ = try checked("size a BPF map", unsafe bpf_map__set_max_entries(map, entries))
  }

  /// Has the kernel allocate entries when they are inserted, not all at once. Before load.
  package func allocateOnDemand() throws(BPFError) {
    _ = try checked(
      "set a BPF map's flags", unsafe bpf_map__set_map_flags(map, UInt32(BPF_F_NO_PREALLOC)))
  }

  /// Has the kernel forget the entries that were not used for longest, where there is no more room. Before load.
  package func useLRU(capacity entries: UInt32) throws(BPFError) {
    try resize(to: entries)
    _ = try checked(
      "set a BPF map's type", unsafe bpf_map__set_type(map, BPF_MAP_TYPE_LRU_HASH))
  }

  /// Reads a value; nil where there is none.
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

  /// Deletes an entry. That it is not there is no error.
  package func delete<Key: BitwiseCopyable>(_ key: Key) throws(BPFError) {
    var key = key
    let result = unsafe bpf_map_delete_elem(descriptor, &key)
    if result != -ENOENT { _ = try checked("delete an entry of a BPF map", result) }
  }

  /// Reads the value of a per-CPU array's only entry, one for each possible CPU.
  package func readPerCPU<Value: BitwiseCopyable>(
    _ value: Value.Type, cpus: Int, body: (Value) -> Void
  ) throws(BPFError) {
    // The kernel rounds each copy up to 8 bytes.
    let stride = (MemoryLayout<Value>.size + 7) & ~7
    let result = unsafe withUnsafeTemporaryAllocation(byteCount: stride * cpus, alignment: 8) {
      buffer -> Int32 in
      var only: UInt32 = 0
      let result = unsafe bpf_map_lookup_elem(descriptor, &only, buffer.baseAddress)
      guard result == 0 else { return result }
      for cpu in 0..<cpus {
        body(unsafe buffer.load(fromByteOffset: cpu * stride, as: Value.self))
      }
      return 0
    }
    _ = try checked("read a per-CPU BPF array", result)
  }

  /// Reads all keys; two system calls for each.
  package func keys<Key: BitwiseCopyable>(_ key: Key.Type) throws(BPFError) -> [Key] {
    var keys: [Key] = []
    let result = unsafe withUnsafeTemporaryAllocation(of: Key.self, capacity: 1) { buffer -> Int32 in
      var result = unsafe bpf_map_get_next_key(descriptor, nil, buffer.baseAddress)
      // A walk over a map that changes may begin again: its size is the bound.
      while result == 0 && keys.count < capacity {
        keys.append(unsafe buffer[0])
        result = unsafe bpf_map_get_next_key(descriptor, buffer.baseAddress, buffer.baseAddress)
      }
      return result == -ENOENT ? 0 : result
    }
    _ = try checked("read the keys of a BPF map", result)
    return keys
  }

  /// The memory that the kernel accounts to the map, in bytes, from its descriptor's fdinfo.
  ///
  /// From Linux 6.4 on it is what the entries really take; before, what they take at the most.
  package func memory() -> UInt64? {
    ProcFile.read("/proc/self/fdinfo/\(descriptor)")
      .flatMap { ProcFile.value(of: "memlock:", in: $0) }
      .flatMap { UInt64($0) }
  }
}
