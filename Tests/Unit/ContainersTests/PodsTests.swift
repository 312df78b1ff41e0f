// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Containers

@Suite struct PodsTests {
  private let start = ContinuousClock.now

  private func pod(_ ids: String..., uid: String = "u", hash: String? = nil) -> Pod {
    Pod(
      uid: uid, namespace: "shop", name: "cart", configHash: hash,
      containers: ids.map { Pod.Container(id: $0, name: "web", image: "i") })
  }

  @Test("A container is found by id; a pod by uid or by the hash of its configuration")
  func lookUps() {
    let pods = Pods(retention: .seconds(10))
    pods.put(pod("a", hash: "h"))
    #expect(pods.container(id: "a")?.pod.name == "cart")
    #expect(pods.container(id: "b") == nil)
    #expect(pods.pod(uid: "u")?.namespace == "shop")
    #expect(pods.pod(uid: "h")?.uid == "u")
    #expect(pods.pod(uid: "x") == nil)
  }

  @Test("Earlier containers of a pod stay known after a restart, up to a maximum")
  func restarts() {
    let pods = Pods(retention: nil)
    for number in 0..<100 { pods.put(pod("c\(number)")) }
    #expect(pods.container(id: "c99") != nil)
    #expect(pods.container(id: "c\(99 - Pods.earlierContainers)") != nil)
    #expect(pods.container(id: "c\(98 - Pods.earlierContainers)") == nil)
    #expect(pods.pod(uid: "u")?.containers.count == Pods.earlierContainers + 1)
  }

  @Test("A deleted pod stays for the retention time, and is live again if it returns")
  func deletion() {
    let pods = Pods(retention: .seconds(10))
    pods.put(pod("a", hash: "h"))
    pods.delete(uid: "u", at: start)
    #expect(pods.count == 0 && pods.uids.isEmpty)
    pods.expire(at: start + .seconds(9))
    #expect(pods.container(id: "a") != nil)
    pods.put(pod("a", hash: "h"))
    pods.expire(at: start + .seconds(10))
    #expect(pods.container(id: "a") != nil && pods.count == 1)
    pods.delete(uid: "u", at: start)
    pods.expire(at: start + .seconds(10))
    #expect(pods.container(id: "a") == nil && pods.pod(uid: "u") == nil && pods.pod(uid: "h") == nil)
  }

  @Test("Only a change raises the version")
  func version() {
    let pods = Pods(retention: nil)
    pods.put(pod("a"))
    let version = pods.version
    pods.put(pod("a"))
    #expect(pods.version == version)
    pods.put(pod("a", "b"))
    #expect(pods.version > version)
  }

  @Test("The number of deleted pods that are kept is bounded")
  func limit() {
    let pods = Pods(retention: nil)
    for number in 0..<Pods.limit { #expect(pods.put(pod(uid: "u\(number)"))) }
    #expect(!pods.put(pod(uid: "one more")))
    #expect(pods.put(pod("a", uid: "u1")))
    #expect(pods.count == Pods.limit)
  }

  @Test("The containers of all pods are limited; deleted pods make room first")
  func containerLimit() {
    let pods = Pods(retention: nil)
    func pod(_ number: Int) -> Pod {
      let containers = (0..<Pods.containerLimit / 5).map {
        Pod.Container(id: "\(number)-\($0)", name: "c", image: "i")
      }
      return Pod(uid: "u\(number)", namespace: "n", name: "p", containers: containers)
    }
    for number in 0..<5 { #expect(pods.put(pod(number))) }
    #expect(!pods.put(pod(5)))
    #expect(pods.put(pod(4)))
    pods.delete(uid: "u1", at: .now)
    #expect(pods.put(pod(5)))
    #expect(pods.container(id: "5-0") != nil && pods.container(id: "1-0") == nil)
    #expect(pods.container(id: "0-0") != nil)
  }

  @Test("When the table is full, a new pod replaces the pod that was deleted first")
  func limitWithDeleted() {
    let pods = Pods(retention: nil)
    for number in 0..<Pods.limit { pods.put(pod("c\(number)", uid: "u\(number)")) }
    pods.delete(uid: "u7", at: start + .seconds(1))
    pods.delete(uid: "u9", at: start)
    #expect(pods.put(pod("new", uid: "one more")))
    #expect(pods.container(id: "new") != nil && pods.container(id: "c7") != nil)
    #expect(pods.container(id: "c9") == nil && pods.pod(uid: "u9") == nil)
  }

  @Test("Removing a pod removes its former container ids")
  func nothingStays() {
    let pods = Pods(retention: .zero)
    let many = (0..<2 * Pods.earlierContainers).map { Pod.Container(id: "a\($0)", name: "web", image: "i") }
    let others = (0..<Pods.earlierContainers).map { Pod.Container(id: "b\($0)", name: "web", image: "i") }
    pods.put(Pod(uid: "u", namespace: "n", name: "p", configHash: "h1", containers: many))
    pods.put(Pod(uid: "u", namespace: "n", name: "p", configHash: "h2", containers: others))
    #expect(pods.container(id: "a0") == nil && pods.container(id: "b0") != nil)
    #expect(pods.pod(uid: "h1") == nil && pods.pod(uid: "h2") != nil)
    pods.delete(uid: "u", at: start)
    pods.expire(at: start)
    for id in (many + others).map(\.id) { #expect(pods.container(id: id) == nil) }
    #expect(pods.pod(uid: "h2") == nil)
  }

  @Test("A pod cannot claim another live pod's configuration hash")
  func hashIsNotTaken() {
    let pods = Pods(retention: nil)
    pods.put(pod("a", uid: "static", hash: "h"))
    pods.put(pod("b", uid: "impostor", hash: "h"))
    #expect(pods.pod(uid: "h")?.uid == "static")
    pods.delete(uid: "static", at: start)
    pods.put(pod("c", uid: "successor", hash: "h"))
    #expect(pods.pod(uid: "h")?.uid == "successor")
  }
}
