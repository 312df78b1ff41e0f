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
  private(set) var cgroups: [UInt64: PartCgroup] = [:]
  /// The number of writes by the BPF programs at the last read.
  private var written: UInt64 = 0

  /// Reads them again, if the BPF programs have written any since.
  ///
  /// - Parameter written: The number of writes, read before this.
  mutating func read(by iterator: Link, written: UInt64) throws(BPFError) {
    guard written != self.written else { return }
    var read: [UInt64: PartCgroup] = [:]
    let known = cgroups
    try iterator.iterate(pidns_cgroup_entry.self, "read the namespaces' cgroups") {
      var cgroup = known[$0.id] ?? PartCgroup($0.cgroup)
      cgroup.isRemoved = $0.cgroup.removed != 0
      read[$0.id] = cgroup
    }
    cgroups = read
    self.written = written
  }

  mutating func forget(_ cgroup: UInt64) { cgroups[cgroup] = nil }
}
