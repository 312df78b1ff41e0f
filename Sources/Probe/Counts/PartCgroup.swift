// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF

/// The cgroup of a part of a namespace.
package struct PartCgroup: Equatable, Sendable {
  /// Its path from the root of its hierarchy: `/` or `/a/b`. Then the paths of its first process in other hierarchies
  /// of cgroup v1, if they end in another name. Untrusted text; invalid UTF-8 is repaired.
  package let paths: [String]
  /// Whether it was removed: then no process can enter it.
  package var isRemoved: Bool

  /// Describes a cgroup.
  package init(paths: [String], isRemoved: Bool = false) {
    self.paths = paths
    self.isRemoved = isRemoved
  }

  init(_ cgroup: pidns_cgroup) {
    let bytes = unsafe withUnsafeBytes(of: cgroup.path) { unsafe Array($0.prefix(Int(cgroup.path_length))) }
    self.init(paths: Self.paths(bytes), isRemoved: cgroup.removed != 0)
  }

  /// Decodes the BPF programs' form of paths: names, innermost first, each with a NUL; another NUL between two paths.
  /// There is at least one path.
  static func paths(_ bytes: [UInt8]) -> [String] {
    var paths: [String] = []
    var names: [String] = []
    var hasEnded = false
    for name in bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast() {
      if name.isEmpty {
        paths.append(path(names))
        names = []
        hasEnded = true
      } else {
        names.append(String(decoding: name, as: UTF8.self))
        hasEnded = false
      }
    }
    if !hasEnded || paths.isEmpty { paths.append(path(names)) }
    return paths
  }

  private static func path(_ names: [String]) -> String { "/" + names.reversed().joined(separator: "/") }
}

/// The cgroups at the last read.
struct CgroupCache {
  private(set) var reader: MapReader<UInt64, UInt64>
  private(set) var cgroups: [UInt64: PartCgroup] = [:]
  /// Those of them that were removed.
  private var removed: Set<UInt64> = []
  /// Those of them that were removed at the read before: all their parts were in the maps when the last counts were read. A cgroup
  /// that is created and removed after that has a part that only the next counts will have.
  private(set) var removedBefore: Set<UInt64> = []
  /// The number of writes by the BPF programs at the last read.
  private var written: UInt64 = 0

  init(_ map: BPFMap) { reader = MapReader(map, "read the namespaces' cgroups") { $0 } }

  /// Reads them again, if the BPF programs have written any since. Called once after each read of the counts.
  ///
  /// - Parameter written: The number of writes, read before this.
  /// - Returns: Whether they were read again.
  mutating func read(written: UInt64) throws(BPFError) -> Bool {
    removedBefore = removed
    guard written != self.written else { return false }
    var (cgroups, removed) = (cgroups, removed)
    let gone = try unsafe reader.read {
      let read = unsafe $1.load(as: pidns_cgroup.self)
      if cgroups[$0] == nil { cgroups[$0] = PartCgroup(read) }
      cgroups[$0]?.isRemoved = read.removed != 0
      if read.removed != 0 { removed.insert($0) }
    }.removed
    for cgroup in gone { cgroups[cgroup] = nil }
    self.cgroups = cgroups
    self.removed = removed.subtracting(gone)
    self.written = written
    return true
  }

  mutating func delete(_ cgroup: UInt64) throws(BPFError) {
    try reader.delete(cgroup)
    cgroups[cgroup] = nil
    removed.remove(cgroup)
    removedBefore.remove(cgroup)
  }

  /// Has the next read return all.
  mutating func forget() {
    reader.forget()
    cgroups = [:]
    removed = []
    removedBefore = []
    written = 0
  }
}
