// SPDX-License-Identifier: Apache-2.0

import HTTPClient
import Platform

/// Sends requests to the API server, on one connection. Blocks its thread.
struct APIConnection: ~Copyable {
  /// The limit of an error's body, in bytes. The rest is not read.
  private static let messageLimit = 4 << 10

  private let baseURL: String
  /// The limit from a request to the headers of its response.
  private let timeout: Duration
  private let cancellation: CancellationToken
  /// The connection; nil before the first request.
  private var http: HTTPClient?
  /// The configuration of ``http``.
  private var tls: HTTPConfiguration?

  init(_ configuration: Configuration, timeout: Duration, cancellation: CancellationToken) {
    self.baseURL = configuration.baseURL
    self.timeout = timeout
    self.cancellation = cancellation
  }

  /// Sends a request and blocks until the headers arrive. After a success, read the body with ``read(until:)``.
  ///
  /// - Parameters:
  ///   - path: The path and query.
  ///   - body: The JSON of a POST; nil sends a GET.
  /// - Throws: ``WatchFailure`` for a status other than 200 and 201, and for failed connections.
  mutating func send(
    _ path: String, body: [UInt8]? = nil, _ credentials: Credentials.Current
  ) throws(WatchFailure) {
    // A connection and a resumed TLS session keep their first certificates. New ones need a new client.
    if tls != credentials.tls {
      http = nil
      tls = credentials.tls
    }
    var headers = ["Accept: application/json", "User-Agent: pidns-exporter"]
    // Without Expect, libcurl would wait for a response before it sends a longer body.
    if body != nil { headers += ["Content-Type: application/json", "Expect:"] }
    if let token = credentials.token { headers.append("Authorization: Bearer \(token)") }
    let response: HTTPResponse
    do {
      if http == nil { http = try HTTPClient(credentials.tls, cancellation: cancellation) }
      guard
        let head = try http?.send(baseURL + path, headers: headers, body: body, until: .now + timeout)
      else { return }
      response = head
    } catch {
      throw WatchFailure(error)
    }
    if response.status == 200 || response.status == 201 { return }
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
    let deadline = ContinuousClock.now + timeout
    var bytes: [UInt8] = []
    while bytes.count < Self.messageLimit, let chunk = try? read(until: deadline), !chunk.isEmpty {
      bytes += chunk.prefix(Self.messageLimit - bytes.count)
    }
    return bytes
  }
}
