// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Containers

@Suite struct CgroupIdentityTests {
  private let id = String(repeating: "0123456789abcdef", count: 4)

  @Test("Each recorded path parses to the expected identity", arguments: try SeenPath.all())
  func seenPaths(seen: SeenPath) {
    let identity = CgroupIdentity(path: seen.path)
    #expect(identity.containerID == seen.identity.containerID, "\(seen.source)")
    #expect(identity.runtime == seen.identity.runtime, "\(seen.source)")
    #expect(identity.podUID == seen.identity.podUID, "\(seen.source)")
  }

  @Test("The table covers each runtime, each kind of pod, and paths outside containers")
  func tableIsComplete() throws {
    let all = try SeenPath.all()
    #expect(all.count >= 140)
    #expect(Set(all.compactMap(\.identity.runtime)) == Set(Runtime.allCases))
    #expect(all.filter { $0.identity.podUID?.count == 32 }.count >= 5)
    #expect(all.filter { $0.identity.isOfNoContainer }.count >= 20)
  }

  @Test("Runtimes have the names that the API uses")
  func runtimeNames() {
    #expect(
      Runtime.allCases.map(\.rawValue)
        == ["containerd", "cri-o", "docker", "podman", "runc", "crun", "lxc", "garden", "systemd-nspawn"])
  }

  @Test("A path that lost its beginning is parsed by the rest")
  func cutPaths() {
    let pod = "0f3c1a2b-1111-2222-3333-444455556666"
    let whole =
      "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f3c1a2b_1111_2222_3333_444455556666.slice"
      + "/cri-containerd-\(id).scope"
    func cut(at text: String) -> CgroupIdentity {
      CgroupIdentity(path: String(whole[(whole.range(of: text)?.lowerBound ?? whole.endIndex)...]))
    }
    let identity = CgroupIdentity(containerID: id, runtime: .containerd, podUID: pod)
    #expect(CgroupIdentity(path: whole) == identity)
    #expect(cut(at: "pods.slice") == identity)
    #expect(cut(at: "urstable-pod") == identity)
    #expect(cut(at: "pod0f3c") == identity)
    // Cut inside the uid: no pod.
    let container = CgroupIdentity(containerID: id, runtime: .containerd, podUID: nil)
    #expect(cut(at: "0f3c1a2b_") == container)
    #expect(cut(at: "/cri-containerd") == container)
    #expect(cut(at: "cri-containerd") == container)
    // Cut inside the container's folder name: the container is unknown.
    #expect(cut(at: "ri-containerd").isOfNoContainer)
    #expect(cut(at: "123456789").isOfNoContainer)
    #expect(CgroupIdentity(path: "ocker/\(id)").runtime == nil)
  }

  @Test("Only 64 lower-case hexadecimal digits are an id")
  func idsThatAreNone() {
    let short = String(id.dropLast())
    let ids: [String] = [
      short, "\(id)0", id.uppercased(), "\(short)g", "\(short)\u{0661}", "\(short)\u{FF11}", "\(id)\u{0301}",
      "\(short)\u{FFFD}", " \(short)", "", "-", ":",
    ]
    for id in ids {
      for path in [
        "/docker/\(id)", "/system.slice/docker-\(id).scope", "/kubepods/crio-\(id)", "/x.slice:docker:\(id)",
      ] {
        #expect(CgroupIdentity(path: path).isOfNoContainer, "\(path)")
      }
    }
  }

  @Test(
    "A known, complete prefix and a separator must precede the id",
    arguments: [
      "crio-conmon-", "libpod-conmon-", "docker", "docker_", "docker.", "xdocker-", "-", ":", "--", "Docker-",
      "docker--", "docker:-", "\u{212A}docker-", "machine-libpod_pod_",
    ])
  func prefixesThatAreNone(prefix: String) {
    #expect(CgroupIdentity(path: "/a/\(prefix)\(id)").isOfNoContainer)
    #expect(CgroupIdentity(path: "/docker/\(prefix)\(id)").isOfNoContainer)
  }

  @Test("The runtime of an id is that of the nearest enclosing folder that names one")
  func runtimesOfFolders() {
    let other = String(repeating: "f", count: 64)
    #expect(CgroupIdentity(path: "/docker/a/b/\(id)").runtime == .docker)
    #expect(CgroupIdentity(path: "/docker/default/\(id)").runtime == .containerd)
    #expect(CgroupIdentity(path: "/docker/\(other)/default/\(id)").runtime == .containerd)
    #expect(CgroupIdentity(path: "/docker/\(other)/system.slice/\(id)").runtime == nil)
    #expect(CgroupIdentity(path: "/docker/lxc.payload.x/\(id)").runtime == nil)
    #expect(CgroupIdentity(path: "/Docker/\(id)").runtime == nil)
    #expect(CgroupIdentity(path: "/default/docker-\(id).scope").runtime == .docker)
  }

  @Test("An id is recognised before a colon or a dash")
  func separators() {
    for separator in ["-", ":"] {
      #expect(CgroupIdentity(path: "/a/libpod-payload\(separator)\(id)").runtime == .podman)
    }
    #expect(CgroupIdentity(path: "/a/:docker:\(id)").containerID == id)
    #expect(CgroupIdentity(path: "/a/b:c:docker:\(id)").isOfNoContainer)
    #expect(CgroupIdentity(path: "/a/system.slice:runc:web").containerID == "web")
    #expect(CgroupIdentity(path: "/a/system.slice:docker:web").isOfNoContainer)
  }

  @Test("The deepest pod in a path is the pod; folders above it are not its container")
  func pods() {
    let (outer, inner) = (String(repeating: "a", count: 32), String(repeating: "b", count: 32))
    #expect(
      CgroupIdentity(path: "/docker/\(id)/pod\(outer)")
        == CgroupIdentity(containerID: nil, runtime: nil, podUID: outer))
    #expect(
      CgroupIdentity(path: "/pod\(outer)/\(id)/pod\(inner)/x")
        == CgroupIdentity(containerID: nil, runtime: nil, podUID: inner))
    #expect(
      CgroupIdentity(path: "/docker/pod\(outer)/\(id)")
        == CgroupIdentity(containerID: id, runtime: nil, podUID: outer))
    for name in [
      "xpod\(outer)", "pod\(outer.dropLast())", "pod\(outer)0", "pod\(outer.uppercased())",
      "pod\(outer).scope",
      "pod0f3c1a2b-1111-2222-3333+444455556666", "pod0f3c1a2b-11112-222-3333-444455556666",
      "pod", "-pod",
    ] {
      #expect(CgroupIdentity(path: "/kubepods/\(name)").isOfNoContainer, "\(name)")
    }
  }

  @Test("Text of a name is taken literally, up to a maximum length")
  func names() {
    let hostile = #"a"b\c{}="# + "\n\u{FFFD}ü"
    #expect(CgroupIdentity(path: "/lxc.payload.\(hostile)").containerID == hostile)
    #expect(CgroupIdentity(path: "/lxc/\(hostile)/init.scope").containerID == hostile)
    #expect(CgroupIdentity(path: "/x/runc-\(hostile).scope").containerID == hostile)
    let long = String(repeating: "n", count: 253)
    #expect(CgroupIdentity(path: "/lxc/\(long)").containerID == long)
    #expect(CgroupIdentity(path: "/lxc/\(long)n").isOfNoContainer)
    for path in [
      "/lxc", "/lxc/", "/lxc/.", "/lxc/..", "/lxc/../..", "/lxc.payload.", "/lxc.payload", "/runc-.scope",
      "/machine-.scope", "/systemd-nspawn@.service", "/runc-x", "/crun-x.service", "/machine-x.slice",
    ] {
      #expect(CgroupIdentity(path: path).isOfNoContainer, "\(path)")
    }
  }

  @Test(
    "systemd escapes are decoded; other text is unchanged",
    arguments: [
      (#"a\x2db"#, "a-b"), (#"a\x2Db"#, #"a\x2Db"#), (#"\x5cx2d"#, #"\x2d"#), (#"a\x"#, #"a\x"#),
      (#"a\x2"#, #"a\x2"#), (#"a\xzz"#, #"a\xzz"#), (#"\xc3\xbc"#, "ü"), (#"\xff"#, "\u{FFFD}"),
      (#"a\"#, #"a\"#),
      ("a-b", "a-b"), (#"qemu\x2dx"#, "qemu-x"), ("qemu-", "qemu-"), ("qemu-1", "qemu-1"),
    ])
  func machineNames(escaped: String, name: String) {
    let identity = CgroupIdentity(containerID: name, runtime: .nspawn, podUID: nil)
    #expect(CgroupIdentity(path: "/machine.slice/machine-\(escaped).scope") == identity)
    #expect(CgroupIdentity(path: "/systemd-nspawn@\(escaped).service/payload") == identity)
  }

  @Test("Garden handles are recognised only in Garden's folders")
  func gardenHandles() {
    let handle = "6f265890-5165-7fab-6b52-18d1"
    for path in ["/garden/\(handle)", "/garden/good/\(handle)", "/x/garden/bad/\(handle)/garden"] {
      #expect(CgroupIdentity(path: path).containerID == handle, "\(path)")
    }
    for path in [
      "/\(handle)", "/good/\(handle)", "/garden/better/\(handle)", "/garden/good/bad/x/\(handle)",
      "/garden/x\(handle)",
      "/garden/\(handle)0", "/garden/\(handle.dropLast())", "/garden/\(handle.uppercased())", "/garden/x",
      "/bpm-", "/bpm",
      "/Garden/\(handle)", "/garden-x/\(handle)",
    ] {
      #expect(CgroupIdentity(path: path).isOfNoContainer, "\(path)")
    }
  }

  @Test("Paths with no folder and with very many folders are parsed")
  func sizes() {
    for path in ["", "/", String(repeating: "/", count: 768), "..", "/../../..", "\n", "\u{0301}/", "\0"] {
      #expect(CgroupIdentity(path: path).isOfNoContainer)
    }
    let long = String(repeating: "/x", count: 300)
    #expect(CgroupIdentity(path: long + "/docker/" + id).containerID == id)
    #expect(CgroupIdentity(path: "/docker/" + id + long).containerID == id)
    #expect(CgroupIdentity(path: String(repeating: "/lxc", count: 192)).containerID == "lxc")
    // A combining character after the slash.
    #expect(CgroupIdentity(path: "/docker/\(id)/\u{0301}x").containerID == id)
  }

  @Test("Enclosing containers are found if they are in the same pod")
  func enclosing() {
    let (node, outer, inner) = (Self.id("a"), Self.id("b"), Self.id("c"))
    let pod = "/pod0f3c9a1e-7d2b-4c5e-8f6a-1b2c3d4e5f60/"
    #expect(CgroupIdentity(path: "/docker/\(outer)/docker/\(inner)").enclosingIDs == [outer])
    #expect(CgroupIdentity(path: "/docker/\(node)\(pod)\(outer)/docker/\(inner)").enclosingIDs == [outer])
    #expect(
      CgroupIdentity(path: "\(pod)\(node)/docker/\(outer)/docker/\(inner)").enclosingIDs == [outer, node])
    #expect(CgroupIdentity(path: "/docker/\(inner)/init.scope").enclosingIDs == [])
  }

  private static func id(_ digit: Character) -> String { String(repeating: digit, count: 64) }
}

extension CgroupIdentity {
  /// Whether there is neither a container nor a pod; there may be a unit.
  fileprivate var isOfNoContainer: Bool {
    containerID == nil && runtime == nil && podUID == nil && enclosingIDs.isEmpty
  }
}
