// SPDX-License-Identifier: Apache-2.0

import HTTPClient
package import LiveView
import Platform
import Synchronization
package import Terminal

/// Reads an exposition over HTTP or HTTPS, on a thread of its own, which then wakes the caller.
///
/// One request at a time, without redirects. Proxies are used as the environment's variables say, though not for this host.
package final class ExpositionClient: Sendable {
  /// An exposition of 10,240 namespaces has 40 MB at the most.
  private static let bodyLimit = 64 << 20

  private let url: String
  private let timeout: Duration
  private let cancellation = CancellationToken()
  /// nil before the first request. Used by one thread at a time.
  private let http = Mutex<HTTPClient?>(nil)
  private let answer = Mutex<Result<Reading, ExpositionFailure>?>(nil)

  /// Connects to nothing yet.
  ///
  /// - Parameter timeout: How long an answer may take in all.
  package init(url: String, timeout: Duration = .seconds(10)) {
    self.url = url
    self.timeout = timeout
  }

  deinit { cancellation.cancel() }

  /// Begins to ask; when ``popAnswer()`` has something, the bell rings.
  package func ask(ringing bell: TerminalEvents.Waker) {
    let started = Thread.start { [weak self] in
      guard let self else { return }
      self.store(Result { () throws(ExpositionFailure) in try self.read() }, bell)
    }
    if !started {
      store(
        .failure(ExpositionFailure(.other, "cannot be read: the system cannot start another thread")), bell)
    }
  }

  private func store(_ result: Result<Reading, ExpositionFailure>, _ bell: TerminalEvents.Waker) {
    answer.withLock { $0 = result }
    bell.ring()
  }

  /// The answer to what was asked, once; nil until it is there.
  package func popAnswer() -> Result<Reading, ExpositionFailure>? {
    answer.withLock { answer in
      defer { answer = nil }
      return answer
    }
  }

  private func read() throws(ExpositionFailure) -> Reading {
    do {
      return try ExpositionParser.parse(http.withLock { http throws(ExpositionFailure) in try body(&http) })
    } catch {
      throw ExpositionFailure(error)
    }
  }

  private func body(_ http: inout HTTPClient?) throws(ExpositionFailure) -> [UInt8] {
    // For all of it, the body included.
    let deadline = ContinuousClock.now + timeout
    var bytes: [UInt8] = []
    do {
      if http == nil {
        http = try HTTPClient(HTTPConfiguration(connectTimeout: timeout), cancellation: cancellation)
      }
      let headers = ["Accept: text/plain;version=0.0.4", "User-Agent: pidns-exporter-top"]
      guard let response = try http?.send(url, headers: headers, until: deadline) else { return [] }
      switch response.status {
      case 200: break
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

  /// Reads an exposition that came by another way.
  package static func parse(_ bytes: [UInt8]) -> Result<Reading, ExpositionFailure> {
    do {
      return .success(try ExpositionParser.parse(bytes))
    } catch {
      return .failure(ExpositionFailure(error))
    }
  }
}
