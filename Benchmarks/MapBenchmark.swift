// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc
import Platform

/// Shows the kernel memory of the maps, as the kernel reports it, with some namespaces.
struct MapBenchmark {
  let exporters: [Server.Kind]
  let size: Int
  let figures: Figures

  /// The number of CPUs for which the memory is computed.
  private static let manyCPUs = 128

  /// A map of a running exporter.
  private struct Map {
    let name: String
    let kind: bpf_map_type
    let capacity: Int
    let entries: Int
    /// The memory that the kernel reports (`memlock` of fdinfo), in bytes.
    let bytes: Int
    /// The memory that each possible CPU adds, in bytes.
    let perCPU: Int

    func bytes(cpus: Int) -> Int { bytes + (cpus - sysconf(Int32(_SC_NPROCESSORS_CONF))) * perCPU }
  }

  func run() throws {
    let namespaces = try HeldWorkload.namespaces(count: size, spawnsPerRound: 1)
    defer { namespaces.end() }
    printLine("Maps: kernel memory with \(size) live PID namespaces, each with an entry; KiB")
    printLine("  \(Self.manyCPUs) CPUs: computed, by the size of a value for each further possible CPU")
    printLine()
    for (index, kind) in exporters.enumerated() {
      let server = try Server(kind)
      defer { server.stop() }
      try namespaces.round()
      sleep(until: .now + .milliseconds(1_500))
      let maps = try Self.read(of: server.child.pid)
      var table = Table(kind.name, "capacity", "entries", "now", "a CPU", "\(Self.manyCPUs) CPUs")
      for map in maps.sorted(by: { $0.bytes > $1.bytes }) {
        table.row(
          map.name, "\(map.capacity)", "\(map.entries)", "\(map.bytes / 1024)", "\(map.perCPU / 1024)",
          "\(map.bytes(cpus: Self.manyCPUs) / 1024)")
      }
      let total = maps.reduce(0) { $0 + $1.bytes }
      let many = maps.reduce(0) { $0 + $1.bytes(cpus: Self.manyCPUs) }
      table.row(
        "all", "", "", "\(total / 1024)", "\(maps.reduce(0) { $0 + $1.perCPU } / 1024)", "\(many / 1024)")
      table.print()
      guard index == 0 else { continue }
      figures.add("maps, \(size) namespaces", "KiB", [Double(total) / 1024])
      figures.add("maps, \(size) namespaces, \(Self.manyCPUs) CPUs", "KiB", [Double(many) / 1024])
    }
  }

  private static func read(of pid: pid_t) throws -> [Map] {
    var maps: [UInt32: Map] = [:]
    for descriptor in 0..<256 {
      guard let text = ProcFile.read("/proc/\(pid)/fdinfo/\(descriptor)"),
        let id = ProcFile.value(of: "map_id:", in: text).flatMap({ UInt32($0) }),
        let bytes = ProcFile.value(of: "memlock:", in: text).flatMap({ Int($0) })
      else { continue }
      maps[id] = try read(id, bytes)
    }
    return Array(maps.values)
  }

  private static func read(_ id: UInt32, _ bytes: Int) throws -> Map {
    let descriptor = bpf_map_get_fd_by_id(id)
    guard descriptor >= 0 else { throw BenchError("cannot open BPF map \(id)") }
    defer { _ = close(descriptor) }
    var info = bpf_map_info()
    var size = UInt32(MemoryLayout<bpf_map_info>.size)
    guard unsafe bpf_obj_get_info_by_fd(descriptor, &info, &size) == 0 else {
      throw BenchError("cannot read BPF map \(id)")
    }
    let name = unsafe withUnsafeBytes(of: info.name) {
      unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    let kind = bpf_map_type(info.type)
    let isArray = [BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_RINGBUF].contains(kind)
    let capacity = Int(info.max_entries)
    let entries = isArray ? capacity : count(descriptor, keyBytes: Int(info.key_size))
    let isPerCPU = [
      BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_PERCPU_HASH,
    ].contains(kind)
    // The kernel allocates the values of all possible entries at once, unless the map's flags forbid it.
    let allocated = info.map_flags & UInt32(BPF_F_NO_PREALLOC) == 0 ? capacity : entries
    let value = (Int(info.value_size) + 7) / 8 * 8
    return Map(
      name: name, kind: kind, capacity: capacity, entries: entries, bytes: bytes,
      perCPU: isPerCPU ? allocated * value : 0)
  }

  /// Returns the number of entries of a hash.
  private static func count(_ descriptor: Int32, keyBytes: Int) -> Int {
    guard keyBytes > 0 else { return 0 }
    var key = [UInt8](repeating: 0, count: keyBytes)
    var next = key
    var count = 0
    while unsafe key.withUnsafeBytes({ key in
      unsafe next.withUnsafeMutableBytes {
        unsafe bpf_map_get_next_key(descriptor, count == 0 ? nil : key.baseAddress, $0.baseAddress) == 0
      }
    }) {
      count += 1
      (key, next) = (next, key)
    }
    return count
  }
}
