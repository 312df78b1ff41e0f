// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A Kubernetes API server that lists and watches pods, and reviews tokens and access: HTTP/1.1 over TLS, chunked,
/// with resource versions, pages, bookmarks, and faults on demand. Each connection has a thread.
///
/// It ignores the field selector: all its pods are on one node.
package final class APIServer: Sendable {
  package enum Kind: Sendable, Hashable { case list, watch, tokenReview, accessReview }

  /// A received request.
  package struct Request: Sendable {
    package let kind: Kind
    /// Percent-encoded, as received.
    package let query: [String: String]
    package let token: String?
    /// The JSON of a review; empty without a body.
    package let body: String
  }

  /// The certificates that clients must trust.
  package let certificates: Certificates
  /// The port, which stays the same while the server is unavailable.
  package let port: Int

  private let address: String
  private let context: TLSContext
  private let sockets: SocketServer

  /// Starts the server.
  ///
  /// - Parameters:
  ///   - clients: Whether clients must have a certificate of the authority.
  ///   - address: The listen address.
  package init(
    certificates: Certificates? = nil, authenticating clients: Bool = false, address: String = "127.0.0.1"
  ) async throws {
    let certificates = try certificates ?? Certificates.shared
    let sockets = SocketServer()
    context = try TLSContext(certificates, authenticating: clients)
    self.certificates = certificates
    self.address = address
    self.sockets = sockets
    port = Int(try sockets.listen(address: address, port: 0, context))
  }

  /// Ends the server.
  package func stop() async throws { await sockets.close() }

  /// Closes the port and all connections.
  package func disconnect() async throws { await sockets.close() }

  /// Opens the port again.
  package func reconnect() async throws {
    _ = try sockets.listen(address: address, port: UInt16(port), context)
  }

  // MARK: State

  /// All requests so far.
  package var requests: [Request] { sockets.model.withLock { $0.requests } }

  /// The number of running watches.
  package var watches: Int { sockets.model.withLock { $0.watches } }

  /// Sets the bearer token that requests need; nil for none.
  package func require(token: String?) { sockets.model.withLock { $0.token = token } }

  /// Lets a token belong to a user.
  package func add(token: String, of user: ReviewUser) {
    sockets.model.withLock { $0.reviews.users[token] = user }
  }

  /// Lets a token belong to nobody.
  package func remove(token: String) { sockets.model.withLock { $0.reviews.users[token] = nil } }

  /// Lets a user or a group do something with a path.
  package func permit(_ subject: String, _ verb: String, _ path: String) {
    _ = sockets.model.withLock { $0.reviews.rules.insert([subject, verb, path]) }
  }

  /// Takes all permissions away.
  package func permitNothing() { sockets.model.withLock { $0.reviews.rules = [] } }

  /// Returns complete lists despite a limit, as old servers do for resource version 0.
  package func ignoreLimits() { sockets.model.withLock { $0.ignoresLimit = true } }

  /// Injects faults into the next requests of a kind, one per request.
  package func inject(_ kind: Kind, _ faults: Fault...) {
    sockets.model.withLock { $0.faults[kind, default: []] += faults }
  }

  /// The number of injected faults that have not occurred yet.
  package func faultsLeft(_ kind: Kind) -> Int { sockets.model.withLock { $0.faults[kind]?.count ?? 0 } }

  /// Adds or modifies pods, by uid; watches receive the events.
  package func put(_ pods: PodJSON...) { put(pods) }

  /// Adds or modifies pods, by uid.
  ///
  /// - Parameter announced: false hides the events from watches, as if they had missed them.
  package func put(_ pods: [PodJSON], announced: Bool = true) {
    change { model in for pod in pods { model.put(pod, announced: announced) } }
  }

  /// Deletes a pod.
  package func delete(_ pod: PodJSON, announced: Bool = true) {
    change { $0.remove(pod.uid, announced: announced) }
  }

  /// Sends an event, without a change of the stored pods.
  package func announce(_ type: String, _ pod: PodJSON) {
    change { $0.announce(type, pod.json(resourceVersion: $0.version)) }
  }

  /// Sends a raw line.
  package func announce(line: String) {
    change { $0.events.append(.init(version: $0.version, line: line + "\n")) }
  }

  /// Sends a bookmark.
  package func bookmark() {
    change {
      $0.version += 1
      $0.announceBookmark()
    }
  }

  /// Drops all events, like etcd's compaction: older watches and continue tokens expire.
  package func compact() {
    change {
      $0.version += 1
      $0.oldest = $0.version
    }
  }

  /// Ends all watches, as after their timeout.
  package func endWatches() { sockets.post(.end) }

  private func change(_ body: (inout ServerModel) -> Void) {
    sockets.model.withLock { body(&$0) }
    sockets.post(.changed)
  }
}
