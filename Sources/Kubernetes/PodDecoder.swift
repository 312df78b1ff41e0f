// SPDX-License-Identifier: Apache-2.0

import Containers
import JSON

/// Decodes pods and events from the API's JSON. The text is untrusted, and the decoded values have bounded
/// size.
enum PodDecoder {
  /// The limit of a name, in bytes: the limit of a label value.
  static let textLimit = 256
  /// The limit of a resourceVersion, in bytes; real ones have about ten digits.
  static let versionLimit = 256
  /// The limit of a continue token, in bytes; real ones have about 200.
  static let tokenLimit = 8 << 10

  /// Decodes one item of a list; nil if it is malformed.
  static func pod(_ bytes: [UInt8]) -> Pod? { JSONValue(parsing: bytes).flatMap(Pod.init) }

  /// Decodes a list's `metadata`.
  ///
  /// - Throws: `invalid` without a resourceVersion.
  static func page(_ metadata: [UInt8]) throws(WatchFailure) -> PodWatch.Page {
    let metadata = JSONValue(parsing: metadata)
    let token = metadata?["continue"]?.text ?? ""
    guard let version = version(metadata), token.utf8.count <= tokenLimit else {
      throw WatchFailure(.invalid, "the list has no resourceVersion")
    }
    return PodWatch.Page(resourceVersion: version, continueToken: token.isEmpty ? nil : token)
  }

  /// Decodes one line of a watch. An event of an unknown type has no pod.
  ///
  /// - Throws: The failure in an ERROR event, and `invalid` for a malformed line.
  static func event(_ line: [UInt8]) throws(WatchFailure) -> PodWatch.Event {
    guard let event = JSONValue(parsing: line), let type = event["type"]?.text, let object = event["object"],
      object.object != nil
    else { throw WatchFailure(.invalid, "an event cannot be decoded") }
    let kind: PodWatch.Event.Kind
    switch type {
    case "ADDED", "MODIFIED": kind = .put
    case "DELETED": kind = .delete
    case "BOOKMARK": kind = .bookmark
    case "ERROR":
      throw WatchFailure(
        status: object["code"]?.integer ?? 0, message: object["message"]?.text ?? "an ERROR event",
        retryAfter: object["details"]?["retryAfterSeconds"]?.integer.map { .seconds($0) })
    // client-go ignores unknown types, too.
    default: return PodWatch.Event(kind: .put, pod: nil, resourceVersion: nil)
    }
    return PodWatch.Event(
      kind: kind, pod: kind == .bookmark ? nil : Pod(object), resourceVersion: version(object["metadata"]))
  }

  /// Returns the server's description of a failure: a Status, or text of a proxy.
  static func message(_ body: [UInt8]) -> String {
    JSONValue(parsing: body)?["message"]?.text ?? String(decoding: body, as: UTF8.self)
  }

  private static func version(_ metadata: JSONValue?) -> String? {
    guard let text = metadata?["resourceVersion"]?.text else { return nil }
    return text.isEmpty || text.utf8.count > versionLimit ? nil : text
  }
}

extension Pod {
  /// Reads the fields that identify containers (core/v1). Returns nil without a valid uid, a namespace and a
  /// name. Other fields that are malformed are as if missing.
  fileprivate init?(_ object: JSONValue) {
    guard let metadata = object["metadata"], let uid = metadata["uid"]?.text,
      let namespace = metadata["namespace"]?.text, let name = metadata["name"]?.text,
      !uid.isEmpty, uid.utf8.count <= PodDecoder.textLimit
    else { return nil }
    let spec = object["spec"]
    var images: [String: String] = [:]
    for list in ["ephemeralContainers", "initContainers", "containers"] {
      for container in spec?[list]?.list ?? [] {
        if let name = container["name"]?.text { images[name] = container["image"]?.text }
      }
    }

    let status = object["status"]
    let statuses = ["initContainerStatuses", "ephemeralContainerStatuses", "containerStatuses"]
      .flatMap { status?[$0]?.list ?? [] }
    // In order of age: if there are too many containers, the newest ones are kept.
    let ids: [(JSONValue) -> JSONValue?] = [
      { $0["lastState"]?["terminated"]?["containerID"] }, { $0["state"]?["terminated"]?["containerID"] },
      { $0["containerID"] },
    ]
    var containers: [Container] = []
    var known: Set<String> = []
    var dropped = 0
    for id in ids.reversed() {
      for status in statuses.reversed() {
        guard let name = status["name"]?.text, let id = id(status)?.text.flatMap(Self.containerID),
          known.insert(id).inserted
        else { continue }
        guard containers.count < Pods.containersInStatus else {
          dropped += 1
          continue
        }
        let image = images[name] ?? status["image"]?.text ?? ""
        containers.append(Container(id: id, name: name.bounded, image: image.bounded))
      }
    }
    self.init(
      uid: uid, namespace: namespace.bounded, name: name.bounded,
      configHash: metadata["annotations"]?["kubernetes.io/config.hash"]?.text.flatMap {
        $0.isEmpty || $0.utf8.count > PodDecoder.textLimit ? nil : $0
      },
      sharesProcessNamespace: spec?["shareProcessNamespace"]?.bool ?? false,
      containers: containers.reversed(), droppedContainers: dropped)
  }

  /// Returns the ID in `containerd://<id>`.
  private static func containerID(_ text: String) -> String? {
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
    let id = text[colon...].dropFirst(3)
    return id.isEmpty || id.utf8.count > PodDecoder.textLimit ? nil : String(id)
  }
}

extension String {
  /// The text, cut at a character boundary to the limit of a label value. Copied, so that it does not retain
  /// the buffer.
  fileprivate var bounded: String {
    if utf8.count <= PodDecoder.textLimit { return self }
    var text = ""
    for scalar in unicodeScalars {
      if text.utf8.count + UTF8.width(scalar) > PodDecoder.textLimit { break }
      text.unicodeScalars.append(scalar)
    }
    return text
  }
}
