// SPDX-License-Identifier: Apache-2.0

import Platform
import Text

/// Requests the pods of a node from the API server, on one connection. Blocks its thread.
struct PodClient: ~Copyable {
  private let node: String
  private var connection: APIConnection

  init(_ configuration: Configuration, node: String, timings: Timings, cancellation: CancellationToken) {
    self.node = node
    connection = APIConnection(configuration, timeout: timings.head, cancellation: cancellation)
  }

  /// Sends a request and blocks until the headers arrive. Then read the body with ``read(until:)``.
  ///
  /// - Throws: ``WatchFailure`` for an error's status and for failed connections.
  mutating func send(_ step: PodWatch.Step, _ credentials: Credentials.Current) throws(WatchFailure) {
    try connection.send(path(of: step), credentials)
  }

  /// Returns the next bytes of the body; an empty array at its end.
  mutating func read(until deadline: ContinuousClock.Instant) throws(WatchFailure) -> [UInt8] {
    try connection.read(until: deadline)
  }

  private func path(of step: PodWatch.Step) -> String {
    var query = [("fieldSelector", "spec.nodeName=\(node)")]
    switch step {
    case .list(let request):
      query.append(("resourceVersion", request.resourceVersion))
      if let limit = request.limit { query.append(("limit", "\(limit)")) }
      if let token = request.continueToken { query.append(("continue", token)) }
    case .watch(let version, let seconds):
      query += [
        ("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version),
        ("timeoutSeconds", "\(seconds)"),
      ]
    case .wait: break
    }
    return "/api/v1/pods?"
      + query.filter { !$0.1.isEmpty }.map { "\($0.0)=\($0.1.percentEncoded)" }.joined(separator: "&")
  }
}
