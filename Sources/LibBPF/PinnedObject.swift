// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc
import Platform

/// Owns a descriptor of a map, program or link that was found by its pin, a file in a BPF file system.
///
/// Releasing it changes nothing in the kernel, because the pin holds the object.
package final class PinnedObject {
  /// The kind of an object.
  package enum Kind: String, Sendable {
    case map, program, link
  }

  let descriptor: Int32
  /// nil for a kind that this program does not know.
  package let kind: Kind?

  /// Opens a pin.
  package init(opening path: String) throws(BPFError) {
    descriptor = try checked("open \(path)", unsafe bpf_obj_get(path))
    kind =
      switch ProcFile.link("/proc/self/fd/\(descriptor)") {
      case "anon_inode:bpf-map": .map
      case "anon_inode:bpf-prog": .program
      case "anon_inode:bpf-link", "anon_inode:bpf_link": .link
      default: nil
      }
  }

  deinit { _ = close(descriptor) }

  /// The attributes of a map. Two maps with equal ones can stand for each other.
  package struct MapShape: Equatable, Sendable {
    let type: UInt32
    let keySize: UInt32
    let valueSize: UInt32
    let maxEntries: UInt32
    let flags: UInt32
    /// At most 15 bytes.
    let name: String

    /// Whether the same programs can read both, whatever their room for entries.
    package func hasSameEntries(as other: Self) -> Bool {
      type == other.type && keySize == other.keySize && valueSize == other.valueSize && name == other.name
    }
  }

  /// Reads the attributes of a map, and its number, which no other map gets until the next boot.
  package func map() throws(BPFError) -> (shape: MapShape, id: UInt32) {
    var info = bpf_map_info()
    var size = UInt32(MemoryLayout<bpf_map_info>.size)
    _ = try checked("read a pinned map", unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size))
    let shape = MapShape(
      type: info.type, keySize: info.key_size, valueSize: info.value_size, maxEntries: info.max_entries,
      flags: info.map_flags, name: Self.text(of: info.name))
    return (shape, info.id)
  }

  /// As of ``BPFMap/sumPerCPU(_:cpus:)``.
  package func sumPerCPU<Value: BitwiseCopyable>(_ zero: Value, cpus: Int) throws(BPFError) -> Value {
    try BPFMap.sumPerCPU(descriptor, zero, cpus: cpus)
  }

  /// Reads a program's name, at most 15 bytes, its number, and those of its maps; and whether it is of the type that
  /// follows tracepoints and functions.
  package func program() throws(BPFError) -> (name: String, id: UInt32, maps: Set<UInt32>, isTracing: Bool) {
    var info = bpf_prog_info()
    var size = UInt32(MemoryLayout<bpf_prog_info>.size)
    // The most that the verifier allows a program.
    let (result, maps) = unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) {
      buffer -> (Int32, Set<UInt32>) in
      info.nr_map_ids = UInt32(buffer.count)
      info.map_ids = UInt64(UInt(bitPattern: buffer.baseAddress))
      let result = unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size)
      guard result == 0 else { return (result, []) }
      return (0, Set((0..<min(Int(info.nr_map_ids), buffer.count)).map { unsafe buffer[$0] }))
    }
    _ = try checked("read a pinned program", result)
    return (Self.text(of: info.name), info.id, maps, info.type == BPF_PROG_TYPE_TRACING.rawValue)
  }

  /// Reads the number of the program that a link attaches.
  package func programOfLink() throws(BPFError) -> UInt32 {
    var info = bpf_link_info()
    var size = UInt32(MemoryLayout<bpf_link_info>.size)
    _ = try checked("read a pinned link", unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size))
    return info.prog_id
  }

  /// Reads a program's statistics. One system call.
  package func information() throws(BPFError) -> ProgramInformation {
    try ProgramInformation(ofProgram: descriptor)
  }

  private static func text<Bytes>(of bytes: Bytes) -> String {
    unsafe withUnsafeBytes(of: bytes) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

extension BPFMap {
  /// The attributes that the map will have or has.
  package var shape: PinnedObject.MapShape {
    PinnedObject.MapShape(
      type: unsafe bpf_map__type(map).rawValue, keySize: unsafe bpf_map__key_size(map),
      valueSize: unsafe bpf_map__value_size(map), maxEntries: unsafe bpf_map__max_entries(map),
      flags: unsafe bpf_map__map_flags(map),
      name: String((unsafe String(cString: bpf_map__name(map))).prefix(15)))
  }

  /// Uses an existing map instead of a new one. Call before load.
  package func reuse(_ pinned: PinnedObject) throws(BPFError) {
    _ = try checked("use a pinned map again", unsafe bpf_map__reuse_fd(map, pinned.descriptor))
  }

  /// Pins the map: it stays until the file is removed. Call after load.
  package func pin(to path: String) throws(BPFError) {
    _ = try checked("pin a BPF map to \(path)", unsafe bpf_obj_pin(descriptor, path))
  }

  /// The map's number in the kernel.
  package func id() throws(BPFError) -> UInt32 {
    var info = bpf_map_info()
    var size = UInt32(MemoryLayout<bpf_map_info>.size)
    _ = try checked("read a BPF map", unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size))
    return info.id
  }
}

extension Link {
  /// Pins the attachment: it stays until the file is removed.
  package func pin(to path: String) throws(BPFError) {
    _ = try checked("pin a BPF link to \(path)", unsafe bpf_obj_pin(descriptor, path))
  }
}

extension BPFObject {
  /// Pins a loaded program.
  package func pinProgram(_ name: String, to path: String) throws(BPFError) {
    _ = try checked("pin a BPF program to \(path)", unsafe bpf_obj_pin(descriptor(ofProgram: name), path))
  }
}
