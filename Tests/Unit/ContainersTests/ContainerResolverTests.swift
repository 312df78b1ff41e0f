// SPDX-License-Identifier: Apache-2.0

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
    var naming = ContainerResolver(pods: Pods(retention: nil), local: nil)
    for path in ["/", "/user.slice", "/system.slice/docker.service", ""] {
      let answer = naming.answer(cgroupPath: path, initComm: "sh")
      #expect(answer.container == Container() && answer.certainty == .final, "\(path)")
    }
  }

  @Test("Outside of Kubernetes it is the short id where there is no name", arguments: [true, false])
  func shortID(hasPods: Bool) {
    var naming = ContainerResolver(pods: hasPods ? Pods(retention: nil) : nil, local: nil)
    let answer = naming.answer(cgroupPath: docker, initComm: "sh")
    #expect(answer.container.names == .init(container: "0123456789ab"))
    #expect(answer.container.id == Self.id)
    #expect(answer.container.runtime == "docker")
    #expect(answer.certainty == .final)
  }

  @Test("Without the API a pod's container has its short id, and its sandbox the name POD")
  func withoutAPI() {
    var naming = ContainerResolver(pods: nil, local: nil)
    let container = naming.answer(cgroupPath: inPod, initComm: "nginx")
    #expect(container.container.names == .init(container: "0123456789ab"))
    #expect(container.container.podUID == Self.uid && container.certainty == .final)
    let sandbox = naming.answer(cgroupPath: inPod, initComm: "pause")
    #expect(sandbox.container.names == .init(container: "POD") && sandbox.certainty == .final)
  }

  @Test("A container is what its pod's status calls it")
  func byID() {
    let pods = Pods(retention: nil)
    pods.put(cart(containers: [web]))
    var naming = ContainerResolver(pods: pods, local: nil)
    for path in [inPod, "/system.slice/cri-containerd-\(Self.id).scope"] {
      let answer = naming.answer(cgroupPath: path, initComm: "pause")
      #expect(answer.container.names == .init(namespace: "shop", pod: "cart", container: "web"))
      #expect(answer.container.image == "shop/web:7" && answer.certainty == .final)
    }
  }

  @Test("One that the status does not have yet is its pod's, until it does")
  func later() {
    let pods = Pods(retention: nil)
    var naming = ContainerResolver(pods: pods, local: nil)
    let unknown = naming.answer(cgroupPath: inPod, initComm: "nginx")
    #expect(unknown.container.names == .init() && unknown.certainty == .partial)
    #expect(unknown.container.podUID == Self.uid && unknown.container.id == Self.id)
    var version = naming.version

    pods.put(cart())
    #expect(naming.version > version)
    version = naming.version
    let inPod = naming.answer(cgroupPath: inPod, initComm: "nginx")
    #expect(inPod.container.names == .init(namespace: "shop", pod: "cart") && inPod.certainty == .partial)
    let sandbox = naming.answer(cgroupPath: self.inPod, initComm: "pause")
    #expect(sandbox.container.names == .init(namespace: "shop", pod: "cart", container: "POD"))
    // It may be a program of that name: its status will tell.
    #expect(sandbox.certainty == .presumed)

    pods.put(cart(containers: [web]))
    #expect(naming.version > version)
    for comm in ["nginx", "pause"] {
      #expect(naming.answer(cgroupPath: self.inPod, initComm: comm).container.names.container == "web")
    }
  }

  @Test("A container that was started inside of a pod's container is of that container")
  func nested() {
    let pods = Pods(retention: nil)
    pods.put(cart(containers: [web]))
    var naming = ContainerResolver(pods: pods, local: nil)
    let inner = String(repeating: "a", count: 64)
    let answer = naming.answer(cgroupPath: inPod + "/docker/" + inner, initComm: "sh")
    #expect(answer.container.names == .init(namespace: "shop", pod: "cart", container: "web"))
    #expect(answer.container.id == inner && answer.container.image == "" && answer.certainty == .final)
  }

  @Test("A cgroup of one pod that has the id of another one's container is not that container's")
  func forged() {
    let pods = Pods(retention: nil)
    pods.put(cart())
    pods.put(
      Pod(
        uid: "aaaaaaaa-7d2b-4c5e-8f6a-1b2c3d4e5f60", namespace: "bank", name: "vault", containers: [web]))
    var naming = ContainerResolver(pods: pods, local: nil)
    let answer = naming.answer(cgroupPath: inPod, initComm: "sh")
    #expect(answer.container.names == .init(namespace: "shop", pod: "cart"))
  }

  @Test("A namespace that containers share is the pod's, whichever of them its init is")
  func shared() {
    let pods = Pods(retention: nil)
    var naming = ContainerResolver(pods: pods, local: nil)
    for pod in [cart(isShared: true), cart(containers: [web], isShared: true)] {
      pods.put(pod)
      let answer = naming.answer(cgroupPath: inPod, initComm: "pause")
      #expect(answer.container.names == .init(namespace: "shop", pod: "cart") && answer.certainty == .final)
    }
  }

  @Test("A static pod is found by its configuration's hash, its container by its id")
  func staticPod() {
    let hash = "0123456789abcdef0123456789abcdef"
    let pods = Pods(retention: nil)
    pods.put(cart(hash: hash))
    var naming = ContainerResolver(pods: pods, local: nil)
    let path =
      "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\(hash).slice/crio-\(Self.id).scope"
    #expect(
      naming.answer(cgroupPath: path, initComm: "pause").container.names
        == .init(namespace: "shop", pod: "cart", container: "POD"))
    pods.put(cart(containers: [web], hash: hash))
    #expect(
      naming.answer(cgroupPath: path, initComm: "etcd").container.names
        == .init(namespace: "shop", pod: "cart", container: "web"))
  }

  @Test("No text is kept beyond 256 bytes, nor half a character")
  func bounds() {
    let long = String(repeating: "é", count: 300)
    let names = Container.Names(namespace: long, pod: "x" + long, container: "web")
    #expect(names.namespace == String(repeating: "é", count: 128))
    #expect(names.pod == "x" + String(repeating: "é", count: 127))
    #expect(names.container == "web")
    #expect(Container(image: long).image.utf8.count == 256)
  }
}
