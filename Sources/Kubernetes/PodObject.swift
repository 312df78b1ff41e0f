// SPDX-License-Identifier: Apache-2.0

/// The used fields of a pod in the API's JSON (core/v1). Only those that identify it are required.
struct PodObject: Decodable {
  struct Metadata: Decodable {
    var uid: String
    var namespace: String
    var name: String
    var resourceVersion: String?
    var annotations: [String: String]?
  }

  struct Spec: Decodable {
    struct Container: Decodable {
      var name: String
      var image: String?
    }
    var shareProcessNamespace: Bool?
    var containers: Lenient<[Lenient<Container>]>?
    var initContainers: Lenient<[Lenient<Container>]>?
    var ephemeralContainers: Lenient<[Lenient<Container>]>?
  }

  struct Status: Decodable {
    struct Container: Decodable {
      struct State: Decodable {
        struct Terminated: Decodable {
          var containerID: String?
        }
        var terminated: Terminated?
      }
      var name: String
      var image: String?
      var containerID: String?
      var state: Lenient<State>?
      var lastState: Lenient<State>?
    }
    var containerStatuses: Lenient<[Lenient<Container>]>?
    var initContainerStatuses: Lenient<[Lenient<Container>]>?
    var ephemeralContainerStatuses: Lenient<[Lenient<Container>]>?
  }

  var metadata: Metadata
  var spec: Lenient<Spec>?
  var status: Lenient<Status>?
}

/// A value that is nil if it cannot be decoded, so that the object around it stays valid.
struct Lenient<Value: Decodable>: Decodable {
  let value: Value?

  init(from decoder: any Decoder) { value = try? Value(from: decoder) }
}
