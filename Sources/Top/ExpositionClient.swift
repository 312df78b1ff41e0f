// SPDX-License-Identifier: Apache-2.0

import HTTPClient
package import LiveView
import Platform
import Synchronization
package import Terminal
package import WebConfig

/// Reads an exposition over HTTP or HTTPS on a thread of its own, then wakes the caller.
///
/// Sends one request at a time and does not follow redirects. Uses the proxies of the environment
/// (`http_proxy`, `no_proxy`), except for this host.
package final class ExpositionClient: Sendable {
  /// The exposition of 10,240 namespaces has at most 40 MB.
  private static let bodyLimit = 64 << 20

  private let url: String
  private let timeout: Duration
  private let configuration: HTTPConfiguration
  /// Has secrets.
  private let headers: [String]
  private let cancellation = CancellationToken()
  /// The connection; nil before the first request. Used by one thread at a time.
  private let http = Mutex<HTTPClient?>(nil)
  private let received = Mutex<Result<Sample, ExpositionFailure>?>(nil)

  /// Creates a client that has not connected yet.
  ///
  /// - Parameters:
  ///   - url: The URL of the exposition.
  ///   - client: What the server requires.
  ///   - unixSocket: The server's socket; nil for the host of the URL.
  ///   - timeout: The limit of a request's duration, including the response body.
  package init(
    url: String, client: ClientConfiguration = ClientConfiguration(), unixSocket: String? = nil,
    timeout: Duration = .seconds(10)
  ) {
    var url = url
    configuration = HTTPConfiguration(client, url: &url, unixSocket: unixSocket, timeout: timeout)
    self.url = url
    self.timeout = timeout
    headers =
      ["Accept: text/plain;version=0.0.4", "User-Agent: pidns-exporter-top"]
      + (client.authorization.map { ["Authorization: \($0)"] } ?? [])
  }

  deinit { cancellation.cancel() }

  /// Starts a request without blocking. Notifies the caller when ``popResult()`` has the result.
  package func request(waking waker: TerminalEvents.Waker) {
    let started = Thread.start { [weak self] in
      guard let self else { return }
      self.store(Result { () throws(ExpositionFailure) in try self.read() }, waker)
    }
    if !started {
      store(
        .failure(ExpositionFailure(.other, "cannot be read: the system cannot start another thread")), waker)
    }
  }

  private func store(_ result: Result<Sample, ExpositionFailure>, _ waker: TerminalEvents.Waker) {
    received.withLock { $0 = result }
    waker.wake()
  }

  /// Returns the result of the request once; nil until it arrives.
  package func popResult() -> Result<Sample, ExpositionFailure>? {
    received.withLock { result in
      defer { result = nil }
      return result
    }
  }

  private func read() throws(ExpositionFailure) -> Sample {
    do {
      return try ExpositionParser.parse(http.withLock { http throws(ExpositionFailure) in try body(&http) })
    } catch {
      throw ExpositionFailure(error)
    }
  }

  private func body(_ http: inout HTTPClient?) throws(ExpositionFailure) -> [UInt8] {
    // The deadline includes the body.
    let deadline = ContinuousClock.now + timeout
    var bytes: [UInt8] = []
    do {
      if http == nil {
        try configuration.check()
        http = try HTTPClient(configuration, cancellation: cancellation)
      }
      guard let response = try http?.send(url, headers: headers, until: deadline) else { return [] }
      switch response.status {
      case 200: break
      case 401, 403:
        throw ExpositionFailure(
          .other,
          "responds \(response.status) \(response.reason): give a password or token with --http.config.file")
      case 503: throw ExpositionFailure(.notReady, "has not read the kernel yet (503)")
      default: throw ExpositionFailure(.other, "responds \(response.status) \(response.reason)")
      }
      if let length = response.first("content-length").flatMap({ Int($0) }) {
        bytes.reserveCapacity(min(max(0, length), Self.bodyLimit))
      }
      while let chunk = try http?.read(until: deadline), !chunk.isEmpty {
        guard bytes.count + chunk.count <= Self.bodyLimit else {
          throw ExpositionFailure(.other, "sends more than \(Self.bodyLimit >> 20) MiB")
        }
        bytes += chunk
      }
      return bytes
    } catch {
      throw ExpositionFailure(error)
    }
  }
}
