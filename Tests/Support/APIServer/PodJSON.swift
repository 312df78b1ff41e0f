// SPDX-License-Identifier: Apache-2.0

/// A pod in the API server's JSON, with `managedFields` of a realistic size.
package struct PodJSON: Sendable {
  /// `metadata.uid`; the container's id is derived from it.
  package var uid: String
  /// `metadata.name`.
  package var name: String
  /// `metadata.namespace`.
  package var namespace = "shop"
  /// The image of its container.
  package var image = "registry.example/shop/cart:1.0"
  /// The container's number of restarts.
  package var restarts = 0
  /// The size of an unused annotation, in bytes.
  package var padding = 0
  /// `spec.shareProcessNamespace`.
  package var sharesProcessNamespace = false
  /// The container statuses; nil for the one derived from the uid.
  package var statuses: [Status]?

  /// A container status.
  package struct Status: Sendable {
    package let name: String
    /// nil before the first start.
    package let id: String?
    /// The previous container, after a restart.
    package let lastID: String?

    package init(name: String, id: String?, lastID: String? = nil) {
      self.name = name
      self.id = id
      self.lastID = lastID
    }
  }

  /// Describes a running pod with one container.
  package init(_ number: Int) {
    let digits = String(number, radix: 16)
    uid = "5d7b3d9a-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    name = "cart-\(number)"
  }

  /// Describes a running pod of some containers.
  package init(uid: String, namespace: String, name: String, _ statuses: [Status]) {
    self.uid = uid
    self.namespace = namespace
    self.name = name
    self.statuses = statuses
  }

  /// The container's id after a number of restarts.
  package func containerID(_ restart: Int) -> String {
    let id = uid.filter { $0 != "-" } + String(restart, radix: 16)
    return String(repeating: "f", count: 64 - id.count) + id
  }

  /// Its JSON on one line. Names are inserted without escaping.
  package func json(resourceVersion: Int) -> String {
    let statuses =
      statuses ?? [
        Status(
          name: "web", id: containerID(restarts), lastID: restarts == 0 ? nil : containerID(restarts - 1))
      ]
    let containers = statuses.map { #"{"name":"\#($0.name)","image":"\#(image)","resources":{}}"# }
      .joined(separator: ",")
    return """
      {"kind":"Pod","apiVersion":"v1","metadata":{"name":"\(name)","namespace":"\(namespace)","uid":"\(uid)",\
      "resourceVersion":"\(resourceVersion)","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"cart"},\
      "annotations":{"note":"\(String(repeating: "x", count: padding))","quoted":"a \\"{[\\\\\\" b"},\
      "managedFields":[\(Self.managedFields)]},\
      "spec":{"containers":[\(containers)],"nodeName":"node","shareProcessNamespace":\(sharesProcessNamespace)},\
      "status":{"phase":"Running","containerStatuses":[\(statuses.map(\.json).joined(separator: ","))]}}
      """
  }

  /// About 6 KiB, as in pods to which two controllers and the kubelet write.
  private static let managedFields = (0..<3).map { writer in
    let fields = (0..<40).map { #""f:field\#($0)":{".":{},"f:value":{},"f:name":{}}"# }.joined(separator: ",")
    return
      #"{"manager":"writer-\#(writer)","operation":"Update","fieldsType":"FieldsV1","fieldsV1":{"f:status":{\#(fields)}}}"#
  }.joined(separator: ",")
}

extension PodJSON.Status {
  fileprivate var json: String {
    let last = lastID.map { #"{"terminated":{"exitCode":1,"containerID":"containerd://\#($0)"}}"# } ?? "{}"
    guard let id else {
      return #"{"name":"\#(name)","state":{"waiting":{"reason":"ContainerCreating"}},"lastState":\#(last)}"#
    }
    return """
      {"name":"\(name)","state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}},"lastState":\(last),\
      "ready":true,"restartCount":\(lastID == nil ? 0 : 1),"image":"sha256:0","imageID":"",\
      "containerID":"containerd://\(id)"}
      """
  }
}
