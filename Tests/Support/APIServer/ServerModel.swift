// SPDX-License-Identifier: Apache-2.0

/// The state of the server: pods, events, requests, and injected faults.
struct ServerModel {
  struct Event {
    let version: Int
    let line: String
  }

  /// The items and the metadata of one page.
  struct Page {
    var items: [String]
    var metadata: String
  }

  /// By uid.
  var pods: [String: (pod: PodJSON, version: Int)] = [:]
  var events: [Event] = []
  var version = 100
  /// Watches from an older version get 410.
  var oldest = 0
  /// The bearer token that requests need; nil for none.
  var token: String?
  var faults: [APIServer.Kind: [Fault]] = [:]
  var requests: [APIServer.Request] = []
  var ignoresLimit = false
  var watches = 0
  var reviews = ReviewModel()

  mutating func put(_ pod: PodJSON, announced: Bool = true) {
    version += 1
    let type = pods[pod.uid] == nil ? "ADDED" : "MODIFIED"
    pods[pod.uid] = (pod, version)
    if announced { announce(type, pod.json(resourceVersion: version)) }
  }

  mutating func remove(_ uid: String, announced: Bool = true) {
    version += 1
    guard let (pod, _) = pods.removeValue(forKey: uid), announced else { return }
    announce("DELETED", pod.json(resourceVersion: version))
  }

  mutating func announce(_ type: String, _ object: String) {
    events.append(Event(version: version, line: #"{"type":"\#(type)","object":\#(object)}"# + "\n"))
  }

  mutating func announceBookmark() {
    announce("BOOKMARK", #"{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"\#(version)"}}"#)
  }

  /// Returns a page of the list; nil if its continue token has expired.
  func page(limit: Int?, token: String?) -> Page? {
    let sorted = pods.values.sorted { $0.pod.uid < $1.pod.uid }
    var start = 0
    if let token {
      let fields = token.split(separator: "/").compactMap { Int($0) }
      guard fields.count == 2, fields[0] >= oldest, fields[1] <= sorted.count else { return nil }
      start = fields[1]
    }
    let end = ignoresLimit ? sorted.count : min(sorted.count, start + (limit ?? sorted.count))
    let more =
      end < sorted.count
      ? #","continue":"\#(version)/\#(end)","remainingItemCount":\#(sorted.count - end)"# : ""
    return Page(
      items: sorted[start..<end].map { $0.pod.json(resourceVersion: $0.version) },
      metadata: #"{"resourceVersion":"\#(version)"\#(more)}"#)
  }

  mutating func fault(for kind: APIServer.Kind) -> Fault? {
    guard var waiting = faults[kind], !waiting.isEmpty else { return nil }
    let fault = waiting.removeFirst()
    faults[kind] = waiting
    return fault
  }
}
