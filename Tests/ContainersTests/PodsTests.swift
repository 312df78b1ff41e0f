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

  @Test("A container is found by its id, a pod by its uid or by its configuration's hash")
  func lookUps() {
    let pods = Pods(retention: .seconds(10))
    pods.put(pod("a", hash: "h"))
    #expect(pods.container(id: "a")?.pod.name == "cart")
    #expect(pods.container(id: "b") == nil)
    #expect(pods.pod(uid: "u")?.namespace == "shop")
    #expect(pods.pod(uid: "h")?.uid == "u")
    #expect(pods.pod(uid: "x") == nil)
  }

  @Test("A container stays known when its successor has taken its place, the newest of many do")
  func restarts() {
    let pods = Pods(retention: nil)
    for number in 0..<100 { pods.put(pod("c\(number)")) }
    #expect(pods.container(id: "c99") != nil)
    #expect(pods.container(id: "c\(100 - Pods.containersPerPod)") != nil)
    #expect(pods.container(id: "c\(99 - Pods.containersPerPod)") == nil)
    #expect(pods.pod(uid: "u")?.containers.count == Pods.containersPerPod)
  }

  @Test("A deleted pod stays for the retention time, and is there again if it comes back")
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

  @Test("The version rises with what changes, and with nothing else")
  func version() {
    let pods = Pods(retention: nil)
    pods.put(pod("a"))
    let version = pods.version
    pods.put(pod("a"))
    #expect(pods.version == version)
    pods.put(pod("a", "b"))
    #expect(pods.version > version)
  }

  @Test("There is an end to how many are kept")
  func limit() {
    let pods = Pods(retention: nil)
    for number in 0..<Pods.limit { #expect(pods.put(pod(uid: "u\(number)"))) }
    #expect(!pods.put(pod(uid: "one more")))
    #expect(pods.put(pod("a", uid: "u1")))
    #expect(pods.count == Pods.limit)
  }
}
