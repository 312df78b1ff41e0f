// SPDX-License-Identifier: Apache-2.0

import Containers
import FoundationEssentials

/// Decodes pods and events from the API's JSON. The text is untrusted, and the decoded values have bounded
/// size.
struct PodDecoder {
  /// The limit of a name, in bytes: the limit of a label value.
  static let textLimit = 256
  /// The limit of a resourceVersion, in bytes; real ones have about ten digits.
  static let versionLimit = 256
  /// The limit of a continue token, in bytes; real ones have about 200.
  static let tokenLimit = 8 << 10

  private struct Event: Decodable {
    var type: String
    var object: Object

    /// The object of an event: a pod, only a version for a bookmark, or a Status for an error.
    struct Object: Decodable {
      struct Metadata: Decodable {
        var resourceVersion: String?
      }
      var metadata: Lenient<Metadata>?
      var code: Lenient<Int>?
      var message: Lenient<String>?
      var details: Lenient<Details>?
      var pod: PodObject?

      struct Details: Decodable {
        var retryAfterSeconds: Int?
      }

      enum CodingKeys: String, CodingKey { case metadata, code, message, details }

      init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try container.decodeIfPresent(Lenient<Metadata>.self, forKey: .metadata)
        code = try container.decodeIfPresent(Lenient<Int>.self, forKey: .code)
        message = try container.decodeIfPresent(Lenient<String>.self, forKey: .message)
        details = try container.decodeIfPresent(Lenient<Details>.self, forKey: .details)
        pod = try? PodObject(from: decoder)
      }
    }
  }

  private struct ListMetadata: Decodable {
    var resourceVersion: String
    var `continue`: String?
  }

  private struct Status: Decodable {
    var message: String?
  }

  private let json = JSONDecoder()

  /// Decodes one item of a list; nil if it is malformed.
  func pod(_ bytes: [UInt8]) -> Pod? {
    (try? json.decode(PodObject.self, from: Data(bytes))).flatMap(Pod.init)
  }

  /// Decodes a list's `metadata`.
  ///
  /// - Throws: `invalid` without a resourceVersion.
  func page(_ metadata: [UInt8]) throws(WatchFailure) -> PodWatch.Page {
    guard let metadata = try? json.decode(ListMetadata.self, from: Data(metadata)),
      let version = Self.version(metadata.resourceVersion),
      (metadata.continue ?? "").utf8.count <= Self.tokenLimit
    else { throw WatchFailure(.invalid, "the list has no resourceVersion") }
    return PodWatch.Page(
      resourceVersion: version, continueToken: metadata.continue.flatMap { $0.isEmpty ? nil : $0 })
  }

  /// Decodes one line of a watch. An event of an unknown type has no pod.
  ///
  /// - Throws: The failure in an ERROR event, and `invalid` for a malformed line.
  func event(_ line: [UInt8]) throws(WatchFailure) -> PodWatch.Event {
    guard let event = try? json.decode(Event.self, from: Data(line)) else {
      throw WatchFailure(.invalid, "an event cannot be decoded")
    }
    let kind: PodWatch.Event.Kind
    switch event.type {
    case "ADDED", "MODIFIED": kind = .put
    case "DELETED": kind = .delete
    case "BOOKMARK": kind = .bookmark
    case "ERROR":
      throw WatchFailure(
        status: event.object.code?.value ?? 0, message: event.object.message?.value ?? "an ERROR event",
        retryAfter: event.object.details?.value?.retryAfterSeconds.map { .seconds($0) })
    // client-go ignores unknown types, too.
    default: return PodWatch.Event(kind: .put, pod: nil, resourceVersion: nil)
    }
    return PodWatch.Event(
      kind: kind, pod: kind == .bookmark ? nil : event.object.pod.flatMap(Pod.init),
      resourceVersion: event.object.metadata?.value?.resourceVersion.flatMap(Self.version))
  }

  /// Returns the server's description of a failure: a Status, or text of a proxy.
  func message(_ body: [UInt8]) -> String {
    (try? json.decode(Status.self, from: Data(body)))?.message ?? String(decoding: body, as: UTF8.self)
  }

  private static func version(_ text: String) -> String? {
    text.isEmpty || text.utf8.count > versionLimit ? nil : text
  }
}

extension Pod {
  /// Reads the fields that identify containers; nil for an invalid uid.
  fileprivate init?(_ object: PodObject) {
    let metadata = object.metadata
    guard !metadata.uid.isEmpty, metadata.uid.utf8.count <= PodDecoder.textLimit else { return nil }
    let spec = object.spec?.value
    var images: [String: String] = [:]
    for list in [spec?.ephemeralContainers, spec?.initContainers, spec?.containers] {
      for case let container? in (list?.value ?? []).map(\.value) { images[container.name] = container.image }
    }

    let status = object.status?.value
    let statuses = [
      status?.initContainerStatuses, status?.ephemeralContainerStatuses, status?.containerStatuses,
    ].flatMap { ($0?.value ?? []).compactMap(\.value) }
    // In order of age: if there are too many containers, the newest ones are kept.
    let ids: [(PodObject.Status.Container) -> String?] = [
      { $0.lastState?.value?.terminated?.containerID }, { $0.state?.value?.terminated?.containerID },
      { $0.containerID },
    ]
    var containers: [Container] = []
    var known: Set<String> = []
    var dropped = 0
    for id in ids.reversed() {
      for status in statuses.reversed() {
        guard let id = id(status).flatMap(Self.containerID), known.insert(id).inserted else { continue }
        guard containers.count < Pods.containersInStatus else {
          dropped += 1
          continue
        }
        containers.append(
          Container(
            id: id, name: status.name.bounded, image: (images[status.name] ?? status.image ?? "").bounded))
      }
    }
    self.init(
      uid: metadata.uid, namespace: metadata.namespace.bounded, name: metadata.name.bounded,
      configHash: metadata.annotations?["kubernetes.io/config.hash"].flatMap {
        $0.isEmpty || $0.utf8.count > PodDecoder.textLimit ? nil : $0
      },
      sharesProcessNamespace: spec?.shareProcessNamespace ?? false, containers: containers.reversed(),
      droppedContainers: dropped)
  }

  /// Returns the ID in `containerd://<id>`.
  private static func containerID(_ text: String) -> String? {
    guard let scheme = text.firstRange(of: "://") else { return nil }
    let id = text[scheme.upperBound...]
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
