// SPDX-License-Identifier: Apache-2.0

import Harness
import Testing

@testable import Containers

@Suite struct NamingTests {
  private static let id = String(repeating: "0123456789abcdef", count: 4)
  private static let uid = "0f3c9a1e-7d2b-4c5e-8f6a-1b2c3d4e5f60"
  private let docker = "/docker/\(id)"
  private let inPod = "/kubepods/burstable/pod\(uid)/\(id)"

  private func cart(containers: [Pod.Container] = [], isShared: Bool = false, hash: String? = nil) -> Pod {
    Pod(
      uid: Self.uid, namespace: "shop", name: "cart", configHash: hash, sharesProcessNamespace: isShared,
      containers: containers)
  }

  private let web = Pod.Container(id: NamingTests.id, name: "web", image: "shop/web:7")

  @Test("A process outside containers has no names, and that is final")
  func none() {
    let naming = ContainerResolver(pods: Pods(retention: nil), local: nil)
    for path in ["/", "/plain", ""] {
      let resolution = naming.resolve(cgroupPaths: [path], initComm: "sh")
      #expect(resolution.container == Container() && resolution.certainty == .final, "\(path)")
    }
    #expect(naming.resolve(cgroupPaths: [], initComm: "sh").container == Container())
  }

  @Test(
    "A container outside pods is unnamed without local names: an id would be a new label value",
    arguments: [true, false])
  func noLocalNames(hasPods: Bool) {
    let naming = ContainerResolver(pods: hasPods ? Pods(retention: nil) : nil, local: nil)
    let resolution = naming.resolve(cgroupPaths: [docker], initComm: "sh")
    #expect(resolution.container.names == .init(container: "(unnamed)"))
    #expect(resolution.container.id == Self.id)
    #expect(resolution.container.runtime == "docker")
    #expect(resolution.certainty == .final)
  }

  @Test("With local names, a container whose name is unknown is unnamed, until its name is known")
  func unnamed() throws {
    let folder = try TemporaryFolder()
    let names = LocalNames(dockerRoot: folder.path, podmanRoots: [folder.path])
    let (naming, events) = (
      ContainerResolver(pods: nil, local: names), ContainerResolver(pods: nil, local: names, showsIDs: true)
    )
    let uuid = "ba95266e-f39e-4736-9f7b-43211f8a8808"
    for (path, label, shown, certainty) in [
      (docker, "(unnamed)", "0123456789ab", .presumed),
      ("/a/\(Self.id)", "(unnamed)", "0123456789ab", .presumed),
      ("/libpod-\(Self.id)", "(unnamed)", "0123456789ab", .presumed),
      ("/crio-\(Self.id)", "(unnamed)", "0123456789ab", .final),
      ("/crun-\(uuid).scope", "(unnamed)", uuid, .final), ("/crun-web.scope", "web", "web", .final),
      ("/garden/\(uuid)", "(unnamed)", uuid, .final), ("/lxc/\(uuid)", uuid, uuid, .final),
      ("/machine-\(uuid).scope", uuid, uuid, .final),
      // With --ephemeral, systemd-nspawn adds a random number.
      (#"/machine-debian\x2d0123456789abcdef.scope"#, "debian", "debian-0123456789abcdef", .final),
      ("/machine-a-0123456789ABCDEF.scope", "a-0123456789ABCDEF", "a-0123456789ABCDEF", .final),
    ] as [(String, String, String, ContainerResolver.Confidence)] {
      let resolution = naming.resolve(cgroupPaths: [path], initComm: "sh")
      #expect(
        resolution.container.names == .init(container: label) && resolution.certainty == certainty, "\(path)")
      #expect(resolution.container.isUnnamed == (label == "(unnamed)"))
      #expect(!resolution.container.id.isEmpty)
      #expect(events.resolve(cgroupPaths: [path], initComm: "sh").container.names.container == shown)
    }
    try folder.write(Array(#"{"Name":"/web"}"#.utf8), to: "containers/\(Self.id)/config.v2.json")
    for resolver in [naming, events] {
      let resolution = resolver.resolve(cgroupPaths: [docker], initComm: "sh")
      #expect(resolution.container.names == .init(container: "web") && resolution.certainty == .presumed)
    }
  }

  @Test("Without the API, a pod's container is unnamed, and its sandbox has the name POD")
  func withoutAPI() {
    let naming = ContainerResolver(pods: nil, local: nil)
    let container = naming.resolve(cgroupPaths: [inPod], initComm: "nginx")
    #expect(container.container.names == .init(container: "(unnamed)"))
    #expect(container.container.podUID == Self.uid && container.certainty == .final)
    let sandbox = naming.resolve(cgroupPaths: [inPod], initComm: "pause")
    #expect(sandbox.container.names == .init(container: "POD") && sandbox.certainty == .final)
  }

  @Test("A container has the name from its pod's status")
  func byID() {
    let pods = Pods(retention: nil)
    pods.put(cart(containers: [web]))
    let naming = ContainerResolver(pods: pods, local: nil)
    for path in [inPod, "/system.slice/cri-containerd-\(Self.id).scope"] {
      let resolution = naming.resolve(cgroupPaths: [path], initComm: "pause")
      #expect(resolution.container.names == .init(namespace: "shop", pod: "cart", container: "web"))
      #expect(resolution.container.image == "shop/web:7" && resolution.certainty == .final)
    }
  }

  @Test("A container missing from the pod status is attributed to the pod until the status lists it")
  func later() {
    let pods = Pods(retention: nil)
    let naming = ContainerResolver(pods: pods, local: nil)
    let unknown = naming.resolve(cgroupPaths: [inPod], initComm: "nginx")
    #expect(unknown.container.names == .init() && unknown.certainty == .partial)
    #expect(unknown.container.podUID == Self.uid && unknown.container.id == Self.id)
    var version = naming.version

    pods.put(cart())
    #expect(naming.version > version)
    version = naming.version
    let inPod = naming.resolve(cgroupPaths: [inPod], initComm: "nginx")
    #expect(inPod.container.names == .init(namespace: "shop", pod: "cart") && inPod.certainty == .partial)
    let sandbox = naming.resolve(cgroupPaths: [self.inPod], initComm: "pause")
    #expect(sandbox.container.names == .init(namespace: "shop", pod: "cart", container: "POD"))
    // It may be a program of that name; only its status can show that.
    #expect(sandbox.certainty == .presumed)

    pods.put(cart(containers: [web]))
    #expect(naming.version > version)
    for comm in ["nginx", "pause"] {
      #expect(naming.resolve(cgroupPaths: [self.inPod], initComm: comm).container.names.container == "web")
    }
  }

  @Test("A container started inside a pod's container is attributed to that container")
  func nested() {
    let pods = Pods(retention: nil)
    pods.put(cart(containers: [web]))
    let naming = ContainerResolver(pods: pods, local: nil)
    let inner = String(repeating: "a", count: 64)
    let resolution = naming.resolve(cgroupPaths: [inPod + "/docker/" + inner], initComm: "sh")
    #expect(resolution.container.names == .init(namespace: "shop", pod: "cart", container: "web"))
    #expect(
      resolution.container.id == inner && resolution.container.image == "" && resolution.certainty == .final)
  }

  @Test("A cgroup of one pod is not resolved to another pod's container with the same id")
  func forged() {
    let pods = Pods(retention: nil)
    pods.put(cart())
    pods.put(
      Pod(
        uid: "aaaaaaaa-7d2b-4c5e-8f6a-1b2c3d4e5f60", namespace: "bank", name: "vault", containers: [web]))
    let naming = ContainerResolver(pods: pods, local: nil)
    let resolution = naming.resolve(cgroupPaths: [inPod], initComm: "sh")
    #expect(resolution.container.names == .init(namespace: "shop", pod: "cart"))
  }

  @Test("A PID namespace shared by containers is attributed to the pod, whichever container has the init")
  func shared() {
    let pods = Pods(retention: nil)
    let naming = ContainerResolver(pods: pods, local: nil)
    for pod in [cart(isShared: true), cart(containers: [web], isShared: true)] {
      pods.put(pod)
      let resolution = naming.resolve(cgroupPaths: [inPod], initComm: "pause")
      #expect(
        resolution.container.names == .init(namespace: "shop", pod: "cart") && resolution.certainty == .final)
    }
  }

  @Test("A static pod is found by the hash of its configuration, its container by id")
  func staticPod() {
    let hash = "0123456789abcdef0123456789abcdef"
    let pods = Pods(retention: nil)
    pods.put(cart(hash: hash))
    let naming = ContainerResolver(pods: pods, local: nil)
    let path =
      "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\(hash).slice/crio-\(Self.id).scope"
    #expect(
      naming.resolve(cgroupPaths: [path], initComm: "pause").container.names
        == .init(namespace: "shop", pod: "cart", container: "POD"))
    pods.put(cart(containers: [web], hash: hash))
    #expect(
      naming.resolve(cgroupPaths: [path], initComm: "etcd").container.names
        == .init(namespace: "shop", pod: "cart", container: "web"))
  }

  @Test("Names are cut to 256 bytes at a character boundary")
  func bounds() {
    let long = String(repeating: "é", count: 300)
    let names = Container.Names(namespace: long, pod: "x" + long, container: "web")
    #expect(names.namespace == String(repeating: "é", count: 128))
    #expect(names.pod == "x" + String(repeating: "é", count: 127))
    #expect(names.container == "web")
    #expect(Container(image: long).image.utf8.count == 256)
  }
}
