// SPDX-License-Identifier: Apache-2.0

import CPidns
import LibBPF

/// The owner of a PID namespace: the state of its init when the namespace was first seen, and at the init's last exec.
/// The path and the name are untrusted text; invalid UTF-8 is repaired.
package struct NamespaceIdentity: Equatable, Sendable {
  /// The number of outer namespaces: 0 for the host's, 1 for a container's.
  package var level: UInt32
  /// The inum of the next outer namespace; 0 for the host's.
  package var parent: UInt32
  /// The pid of the init on the host.
  package var initPID: UInt32
  /// The comm of the init, at most 15 bytes: the name of the file that it execed.
  package var initComm: String
  /// Whether the fork of the init was seen, but no exec since: a runtime may not have moved it into its cgroup yet.
  package var initIsNew: Bool
  /// When the init began, in nanoseconds since boot.
  package var initStart: UInt64
  /// When it ended, in nanoseconds since boot; 0 before.
  package var initEnd: UInt64
  /// The cgroup of the init, from the root of its hierarchy: `/` or `/a/b`. In the hierarchy of
  /// ``CgroupController/first``, if it is in one there, otherwise in v2. If the path is longer than 512 bytes, its outer part is missing.
  package var cgroupPath: String
  /// Its paths in other hierarchies of cgroup v1, if their last two names differ: a runtime may use any of them.
  package var otherCgroupPaths: [String]
  /// All of these paths; the first hierarchy's is the first.
  package var cgroupPaths: [String] { [cgroupPath] + otherCgroupPaths }
  /// The number of that cgroup: its inode.
  package var cgroupID: UInt64

  /// Describes a namespace.
  package init(
    level: UInt32 = 1, parent: UInt32 = 0, initPID: UInt32 = 0, initComm: String = "",
    initIsNew: Bool = false, initStart: UInt64 = 0, initEnd: UInt64 = 0, cgroupPath: String = "/",
    otherCgroupPaths: [String] = [], cgroupID: UInt64 = 0
  ) {
    self.level = level
    self.parent = parent
    self.initPID = initPID
    self.initComm = initComm
    self.initIsNew = initIsNew
    self.initStart = initStart
    self.initEnd = initEnd
    self.cgroupPath = cgroupPath
    self.otherCgroupPaths = otherCgroupPaths
    self.cgroupID = cgroupID
  }

  init(_ identity: pidns_identity) {
    let paths = Self.paths(of: identity)
    self.init(
      level: identity.level, parent: identity.parent, initPID: identity.init_pid,
      initComm: Self.comm(of: identity), initIsNew: identity.init_is_new != 0,
      initStart: identity.init_start, initEnd: identity.init_end,
      cgroupPath: paths[0], otherCgroupPaths: Array(paths.dropFirst()), cgroupID: identity.cgroup_id)
  }

  private static func comm(of identity: pidns_identity) -> String {
    let bytes = unsafe withUnsafeBytes(of: identity.init_comm) { unsafe Array($0) }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func paths(of identity: pidns_identity) -> [String] {
    let length = Int(identity.path_length)
    return PartCgroup.paths(unsafe withUnsafeBytes(of: identity.path) { unsafe Array($0.prefix(length)) })
  }
}

/// The identities at the last read.
struct IdentityCache {
  /// nil if the kernel does not allow reads of identities.
  private(set) var reader: MapReader<pidns_key, PIDNamespace>?
  private(set) var identities: [PIDNamespace: NamespaceIdentity] = [:]
  /// The number of writes by the BPF programs at the last read.
  private var written: UInt64 = 0

  init(_ map: BPFMap?) {
    reader = map.map { MapReader($0, "read the namespaces' identities") { PIDNamespace($0) } }
  }

  /// Reads them again, if the BPF programs have written any since.
  ///
  /// - Parameter written: The number of writes, read before this.
  /// - Returns: The identities that have changed.
  mutating func read(written: UInt64) throws(BPFError) -> [PIDNamespace: NamespaceIdentity] {
    guard written != self.written else { return [:] }
    var changed: [PIDNamespace: NamespaceIdentity] = [:]
    let removed = try unsafe reader?.read {
      changed[$0] = NamespaceIdentity(unsafe $1.load(as: pidns_identity.self))
    }.removed
    for namespace in removed ?? [] { identities[namespace] = nil }
    identities.merge(changed) { _, new in new }
    self.written = written
    return changed
  }

  mutating func delete(_ namespace: PIDNamespace) throws(BPFError) {
    try reader?.delete(namespace.key)
    identities[namespace] = nil
  }

  /// Has the next read return all.
  mutating func forget() {
    reader?.forget()
    identities = [:]
    written = 0
  }
}
