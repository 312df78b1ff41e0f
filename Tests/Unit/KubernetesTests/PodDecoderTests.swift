// SPDX-License-Identifier: Apache-2.0

import Containers
import Testing

@testable import Kubernetes

@Suite struct PodDecoderTests {

  private func pod(_ json: String) -> Pod? { PodDecoder.pod(Array(json.utf8)) }
  private func event(_ json: String) throws -> PodWatch.Event { try PodDecoder.event(Array(json.utf8)) }

  @Test("A pod has the ids of all its containers, those before a restart first")
  func everything() {
    let pod = pod(
      #"""
      {"metadata":{"uid":"u","namespace":"n","name":"p","annotations":{"kubernetes.io/config.hash":"h"}},
       "spec":{"shareProcessNamespace":true,"containers":[{"name":"web","image":"w:1"}],
         "initContainers":[{"name":"init","image":"i:1"}],"ephemeralContainers":[{"name":"debug"}]},
       "status":{
         "containerStatuses":[{"name":"web","image":"sha256:1","containerID":"containerd://3",
           "state":{"running":{}},"lastState":{"terminated":{"containerID":"containerd://2"}}}],
         "initContainerStatuses":[{"name":"init","image":"x","containerID":"cri-o://1",
           "state":{"terminated":{"containerID":"cri-o://1"}}}],
         "ephemeralContainerStatuses":[{"name":"debug","image":"busybox","containerID":"docker://4"},
           {"name":"waiting","containerID":"","state":{"waiting":{}}}]}}
      """#)
    #expect(
      pod
        == Pod(
          uid: "u", namespace: "n", name: "p", configHash: "h", sharesProcessNamespace: true,
          containers: [
            .init(id: "2", name: "web", image: "w:1"), .init(id: "1", name: "init", image: "i:1"),
            .init(id: "4", name: "debug", image: "busybox"), .init(id: "3", name: "web", image: "w:1"),
          ]))
  }

  @Test("A pod that was just created has only its name")
  func minimal() {
    let json = #"{"metadata":{"uid":"u","namespace":"n","name":"p"}}"#
    #expect(pod(json) == Pod(uid: "u", namespace: "n", name: "p"))
  }

  @Test(
    "An invalid field does not affect the other fields",
    arguments: [
      #""spec":7"#, #""status":[]"#, #""status":{"containerStatuses":{}}"#,
      #""spec":{"containers":[7,{"name":[]}]}"#,
      #""status":{"containerStatuses":[{"name":"a","containerID":7},{"name":"a","containerID":"no scheme"}]}"#,
    ])
  func lenient(field: String) {
    #expect(
      pod("{\"metadata\":{\"uid\":\"u\",\"namespace\":\"n\",\"name\":\"p\"},\(field)}")
        == Pod(uid: "u", namespace: "n", name: "p"))
    let status =
      #""status":{"containerStatuses":[9,{"name":"a","image":"i","containerID":"x://1","state":3}]}"#
    #expect(
      pod("{\"metadata\":{\"uid\":\"u\",\"namespace\":\"n\",\"name\":\"p\"},\(status)}")?.containers
        == [.init(id: "1", name: "a", image: "i")])
  }

  @Test(
    "An object without a uid is not a pod",
    arguments: [
      "", "{}", "7", "]", #"{"metadata":{"name":"p","namespace":"n"}}"#,
      #"{"metadata":{"uid":"","name":"p","namespace":"n"}}"#,
      #"{"metadata":{"uid":"\#(String(repeating: "u", count: 257))","name":"p","namespace":"n"}}"#,
      String(repeating: "[", count: 1_000_000), String(repeating: "{\"a\":", count: 200_000),
    ])
  func noPod(json: String) { #expect(pod(json) == nil) }

  @Test("Text is cut to 256 bytes at a character boundary, and overlong ids are skipped")
  func bounds() {
    let long = String(repeating: "é", count: 5000)
    let json = """
      {"metadata":{"uid":"u","namespace":"\(long)","name":"x\(long)"},
       "status":{"containerStatuses":[{"name":"\(long)","image":"\(long)","containerID":"a://\(long)"},
       {"name":"\(long)","image":"\(long)","containerID":"a://1"}]}}
      """
    let pod = pod(json)
    #expect(pod?.namespace == String(repeating: "é", count: 128))
    #expect(pod?.name == "x" + String(repeating: "é", count: 127))
    #expect(pod?.containers.map(\.id) == ["1"])
    #expect(pod?.containers.first?.image.utf8.count == 256)
  }

  @Test(
    "All containers of a big pod have names; beyond the maximum, running containers are kept and the others counted"
  )
  func manyContainers() {
    func bigPod(_ count: Int) -> Pod? {
      let statuses = (0..<count).map {
        #"{"name":"c","image":"i","containerID":"a://\#($0)","lastState":{"terminated":{"containerID":"a://old\#($0)"}}}"#
      }
      return pod(
        #"{"metadata":{"uid":"u","namespace":"n","name":"p"},"status":{"containerStatuses":["#
          + statuses.joined(separator: ",") + "]}}")
    }
    let big = bigPod(100)
    #expect(big?.containers.count == 200 && big?.droppedContainers == 0)
    #expect(big?.containers.map(\.id).suffix(100) == (0..<100).map { "\($0)" }[...])
    let huge = bigPod(Pods.containersInStatus)
    #expect(huge?.containers.map(\.id) == (0..<Pods.containersInStatus).map { "\($0)" })
    #expect(huge?.droppedContainers == Pods.containersInStatus)
  }

  @Test("Events decode to put, delete or bookmark, each with its version")
  func events() throws {
    let object = #"{"metadata":{"uid":"u","namespace":"n","name":"p","resourceVersion":"7"}}"#
    let pod = Pod(uid: "u", namespace: "n", name: "p")
    for (type, kind) in [("ADDED", PodWatch.Event.Kind.put), ("MODIFIED", .put), ("DELETED", .delete)] {
      #expect(
        try event(#"{"type":"\#(type)","object":\#(object)}"#)
          == PodWatch.Event(kind: kind, pod: pod, resourceVersion: "7"))
    }
    #expect(
      try event(#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"8"}}}"#)
        == PodWatch.Event(kind: .bookmark, pod: nil, resourceVersion: "8"))
    #expect(
      try event(#"{"type":"ADDED","object":{"metadata":{"resourceVersion":"9"}}}"#)
        == PodWatch.Event(kind: .put, pod: nil, resourceVersion: "9"))
    #expect(
      try event(#"{"type":"SOMETHING","object":\#(object)}"#)
        == PodWatch.Event(kind: .put, pod: nil, resourceVersion: nil))
  }

  @Test("An ERROR event decodes to a failure by code; other objects are invalid")
  func errors() {
    #expect(throws: WatchFailure(.expired, "410 \"too old\"")) {
      try event(#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}"#)
    }
    #expect(throws: WatchFailure(.throttled, "429 \"an ERROR event\"", retryAfter: .seconds(5))) {
      try event(#"{"type":"ERROR","object":{"code":429,"details":{"retryAfterSeconds":5}}}"#)
    }
    for line in [
      "", "x", "{}", #"{"type":"ADDED"}"#,
      #"{"type":"ERROR","object":{}}"#,
    ] {
      let failure = #expect(throws: WatchFailure.self) { try event(line) }
      #expect(failure?.reason == .invalid, "\(line)")
    }
  }

  @Test("A page needs a version, and reports whether more pages follow")
  func pages() throws {
    func page(_ json: String) throws -> PodWatch.Page { try PodDecoder.page(Array(json.utf8)) }
    #expect(
      try page(#"{"resourceVersion":"1","continue":""}"#) == .init(resourceVersion: "1", continueToken: nil))
    #expect(
      try page(#"{"resourceVersion":"1","continue":"x"}"#) == .init(resourceVersion: "1", continueToken: "x"))
    for json in ["{}", #"{"resourceVersion":""}"#, #"{"resourceVersion":1}"#] {
      #expect(throws: WatchFailure.self) { try page(json) }
    }
  }
}
