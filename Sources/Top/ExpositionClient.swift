// SPDX-License-Identifier: Apache-2.0

package import Activity
internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization
package import Terminal

/// Reads an exposition over HTTP or HTTPS, on threads of its own: who asked is told when the answer is there.
///
/// One request at a time, without redirects; proxies of the environment are not asked.
package final class ExpositionClient: Sendable {
  /// An exposition of 10,240 namespaces has 40 MB at the most.
  private static let bodyLimit = 64 << 20

  private let http: HTTPClient
  private let url: String
  private let patience: TimeAmount
  private let answer = Mutex<Result<Reading, ExpositionFailure>?>(nil)

  /// Connects to nothing yet.
  ///
  /// - Parameter patience: How long an answer may take in all.
  package init(url: String, patience: Duration = .seconds(10)) {
    var configuration = HTTPClient.Configuration()
    configuration.httpVersion = .http1Only
    configuration.redirectConfiguration = .disallow
    configuration.timeout = .init(connect: .init(patience))
    // Asked again with the next interval.
    configuration.connectionPool.retryConnectionEstablishment = false
    http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    self.url = url
    self.patience = .init(patience)
  }

  /// Begins to ask; when ``takeAnswer()`` has something, the bell rings.
  package func ask(ringing bell: TerminalEvents.Bell) {
    Task.detached { [self] in
      let result: Result<Reading, ExpositionFailure>
      do {
        result = .success(try await read())
      } catch {
        result = .failure(ExpositionFailure(error))
      }
      answer.withLock { $0 = result }
      bell.ring()
    }
  }

  /// The answer to what was asked, once; nil until it is there.
  package func takeAnswer() -> Result<Reading, ExpositionFailure>? {
    answer.withLock { answer in
      defer { answer = nil }
      return answer
    }
  }

  private func read() async throws -> Reading {
    var request = HTTPClientRequest(url: url)
    request.headers.add(name: "Accept", value: "text/plain;version=0.0.4")
    request.headers.add(name: "User-Agent", value: "pidns-exporter-top")
    // The deadline is for all of it, the body included.
    let response = try await http.execute(request, deadline: .now() + patience)
    switch response.status {
    case .ok: break
    case .serviceUnavailable: throw ExpositionFailure(.notReady, "has nothing to show yet (503)")
    default:
      throw ExpositionFailure(.other, "answers \(response.status.code) \(response.status.reasonPhrase)")
    }
    var bytes: [UInt8] = []
    if let length = response.headers.first(name: "Content-Length").flatMap({ Int($0) }) {
      bytes.reserveCapacity(min(max(0, length), Self.bodyLimit))
    }
    for try await chunk in response.body {
      guard bytes.count + chunk.readableBytes <= Self.bodyLimit else {
        throw ExpositionFailure(.other, "sends more than \(Self.bodyLimit >> 20) MiB")
      }
      bytes += chunk.readableBytesView
    }
    return try ExpositionParser.parse(bytes)
  }

  /// Reads an exposition that came by another way.
  package static func parse(_ bytes: [UInt8]) -> Result<Reading, ExpositionFailure> {
    do {
      return .success(try ExpositionParser.parse(bytes))
    } catch {
      return .failure(ExpositionFailure(error))
    }
  }

  deinit {
    // It has to be shut down, and holds itself until it is.
    let http = http
    Task { try? await http.shutdown() }
  }
}
