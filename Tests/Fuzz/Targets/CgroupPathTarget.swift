// SPDX-License-Identifier: Apache-2.0

@testable import Containers

/// The cgroup paths of processes: one line for each hierarchy.
enum CgroupPathTarget {
  static func run(_ input: [UInt8]) {
    let paths = input.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    for path in paths { verify(CgroupIdentity(path: path)) }
    verify(CgroupIdentity(paths: paths))
    // The deepest container counts, whatever is above it, unless a runtime has containers of any name there.
    let id = String(repeating: "0123456789abcdef", count: 4)
    let nested = CgroupIdentity(path: "\(paths[0])/x/docker-\(id).scope")
    check(nested.containerID == id && nested.runtime == .docker, "\(paths[0]): \(nested)")
    let names = ContainerResolver(pods: nil, local: nil).resolve(cgroupPaths: paths, initComm: "sh").container
      .names
    check(names.container.utf8.count <= 256 && names.unit.utf8.count <= 256, "a long name: \(names)")
  }

  private static func verify(_ identity: CgroupIdentity) {
    for id in identity.enclosingIDs + [identity.containerID].compactMap(\.self) {
      check((1...253).contains(id.utf8.count), "an id: \(identity)")
    }
    if let uid = identity.podUID {
      check([32, 36].contains(uid.utf8.count), "a uid of a pod: \(identity)")
    }
    if let unit = identity.unit {
      check((1...255).contains(unit.utf8.count) && unit.utf8.allSatisfy { $0 < 0x80 }, "a unit: \(identity)")
    }
    check(identity.containerID != nil || identity.runtime == nil, "a runtime of nothing: \(identity)")
  }
}
