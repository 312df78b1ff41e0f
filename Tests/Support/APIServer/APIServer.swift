// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// An API server of Kubernetes, as far as listing and watching pods goes: HTTP/1.1 over TLS, chunked,
/// with resourceVersions, pages and bookmarks, and with faults on order. A thread for each connection.
///
/// It ignores the field selector: its pods are those of one node.
package final class APIServer: Sendable {
  package enum Kind: Sendable, Hashable { case list, watch }

  /// What was asked.
  package struct Request: Sendable {
    package let kind: Kind
    /// As it came, escaped.
    package let query: [String: String]
    package let token: String?
  }

  /// What the clients have to trust.
  package let certificates: Certificates
  /// The port, which stays the same while the server is away.
  package let port: Int

  private let address: String
  private let context: TLSContext
  private let desk: Desk

  /// Starts, with the certificates that all tests share unless it is given others.
  ///
  /// - Parameters:
  ///   - clients: Whether clients have to have a certificate of the authority's.
  ///   - address: Where it listens.
  package init(
    certificates: Certificates? = nil, authenticating clients: Bool = false, address: String = "127.0.0.1"
  ) async throws {
    let certificates = try certificates ?? Certificates.shared
    let desk = Desk()
    context = try TLSContext(certificates, authenticating: clients)
    self.certificates = certificates
    self.address = address
    self.desk = desk
    port = Int(try desk.listen(address: address, port: 0, context))
  }

  /// Ends.
  package func stop() async throws { await desk.close() }

  /// Closes the port and every connection.
  package func goAway() async throws { await desk.close() }

  /// Opens the port again.
  package func comeBack() async throws {
    _ = try desk.listen(address: address, port: UInt16(port), context)
  }

  // MARK: What it knows

  /// All requests up to now.
  package var requests: [Request] { desk.model.withLock { $0.requests } }

  /// How many watches run.
  package var watches: Int { desk.model.withLock { $0.watches } }

  /// The token that requests have to have; nil is none.
  package func require(token: String?) { desk.model.withLock { $0.token = token } }

  /// Answers lists whole, whatever their limit, as an old server does for resourceVersion 0.
  package func ignoreLimits() { desk.model.withLock { $0.ignoresLimit = true } }

  /// Does something wrong with the next requests of a kind, one after the other.
  package func inject(_ kind: Kind, _ faults: Fault...) {
    desk.model.withLock { $0.faults[kind, default: []] += faults }
  }

  /// How many of the faults have not been asked for yet.
  package func faultsLeft(_ kind: Kind) -> Int { desk.model.withLock { $0.faults[kind]?.count ?? 0 } }

  /// Adds pods, or changes those of their uid; watches hear of it.
  package func put(_ pods: PodJSON...) { put(pods) }

  /// Adds pods, or changes those of their uid.
  ///
  /// - Parameter announced: false keeps it from the watches, as if they had missed it.
  package func put(_ pods: [PodJSON], announced: Bool = true) {
    change { model in for pod in pods { model.put(pod, announced: announced) } }
  }

  /// Deletes a pod.
  package func delete(_ pod: PodJSON, announced: Bool = true) {
    change { $0.remove(pod.uid, announced: announced) }
  }

  /// Sends an event as it stands, which changes nothing that the server knows.
  package func announce(_ type: String, _ pod: PodJSON) {
    change { $0.announce(type, pod.json(resourceVersion: $0.version)) }
  }

  /// Sends a line as it stands.
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

  /// Forgets all events, as etcd's compaction does: watches from before now, and pages that wait, have expired.
  package func compact() {
    change {
      $0.version += 1
      $0.oldest = $0.version
    }
  }

  /// Ends all watches, as if their time were over.
  package func endWatches() { desk.post(.end) }

  private func change(_ body: (inout ServerModel) -> Void) {
    desk.model.withLock { body(&$0) }
    desk.post(.news)
  }
}
