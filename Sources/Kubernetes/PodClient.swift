// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import Platform
import Text

/// Requests the pods of a node from the API server, on one connection. Blocks its thread.
struct PodClient: ~Copyable {
  /// The limit of an error's body, in bytes. The rest is not read.
  private static let messageLimit = 4 << 10

  private let baseURL: String
  private let node: String
  private let timings: Timings
  private let cancellation: CancellationToken
  /// The connection; nil before the first request.
  private var http: HTTPClient?
  /// The configuration of ``http``.
  private var tls: HTTPConfiguration?

  init(_ configuration: Configuration, node: String, timings: Timings, cancellation: CancellationToken) {
    self.baseURL = configuration.baseURL
    self.node = node
    self.timings = timings
    self.cancellation = cancellation
  }

  /// Sends a request and blocks until the headers arrive. After a 200, read the body with ``read(until:)``.
  ///
  /// - Throws: ``WatchFailure`` for another status and for failed connections.
  mutating func send(_ step: PodWatch.Step, _ credentials: Credentials.Current) throws(WatchFailure) {
    // A connection and a resumed TLS session keep their first certificates. New ones need a new client.
    if tls != credentials.tls {
      http = nil
      tls = credentials.tls
    }
    var headers = ["Accept: application/json", "User-Agent: pidns-exporter"]
    if let token = credentials.token { headers.append("Authorization: Bearer \(token)") }
    let response: HTTPResponse
    do {
      if http == nil { http = try HTTPClient(credentials.tls, cancellation: cancellation) }
      let url = url(of: step)
      let deadline = ContinuousClock.now + timings.head
      guard let head = try http?.send(url, headers: headers, until: deadline) else { return }
      response = head
    } catch {
      throw WatchFailure(error)
    }
    if response.status == 200 { return }
    throw WatchFailure(
      status: response.status, message: PodDecoder.message(errorBody()),
      retryAfter: response.first("retry-after").flatMap { RetryAfter.duration($0, now: Clock.epochSeconds) })
  }

  /// Returns the next bytes of the body; an empty array at its end.
  mutating func read(until deadline: ContinuousClock.Instant) throws(WatchFailure) -> [UInt8] {
    do {
      return try http?.read(until: deadline) ?? []
    } catch {
      throw WatchFailure(error)
    }
  }

  /// Returns the beginning of an error's body, as far as it arrives.
  private mutating func errorBody() -> [UInt8] {
    let deadline = ContinuousClock.now + timings.head
    var bytes: [UInt8] = []
    while bytes.count < Self.messageLimit, let chunk = try? read(until: deadline), !chunk.isEmpty {
      bytes += chunk.prefix(Self.messageLimit - bytes.count)
    }
    return bytes
  }

  private func url(of step: PodWatch.Step) -> String {
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
    return "\(baseURL)/api/v1/pods?"
      + query.filter { !$0.1.isEmpty }.map { "\($0.0)=\($0.1.percentEncoded)" }.joined(separator: "&")
  }
}
