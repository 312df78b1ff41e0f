// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import Linux
internal import NIOCore
internal import NIOHTTP1

/// Asks the API server for the pods of a node: HTTP/1.1 over TLS, on one connection, without proxies and redirects.
struct PodClient {
  /// What is read of the body of an error.
  private static let messageLimit = 4 << 10

  private let http: HTTPClient
  private let baseURL: String
  private let node: String
  private let timings: Timings

  /// - Parameter group: Where the connection lives; it has to outlive the client.
  init(_ configuration: Configuration, node: String, timings: Timings, group: any EventLoopGroup) {
    var http = HTTPClient.Configuration()
    http.httpVersion = .http1Only
    http.redirectConfiguration = .disallow
    http.dnsOverride = configuration.addresses
    http.timeout = .init(connect: .init(timings.connect))
    // Whether and when to try again is up to PodWatch.
    http.connectionPool.retryConnectionEstablishment = false
    self.http = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: http)
    self.baseURL = configuration.baseURL
    self.node = node
    self.timings = timings
  }

  /// Closes the connection; has to be called.
  func shutdown() async { try? await http.shutdown() }

  /// Sends a request, and answers the body of a 200.
  ///
  /// - Throws: ``WatchFailure`` for another status, and whatever the client does, which ``WatchFailure/init(_:)``
  ///   explains.
  func body(of step: PodWatch.Step, _ credentials: Credentials.Current) async throws
    -> HTTPClientResponse.Body
  {
    var request = HTTPClientRequest(url: url(of: step))
    request.headers.add(name: "Accept", value: "application/json")
    request.headers.add(name: "User-Agent", value: "pidns-exporter")
    if let token = credentials.token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    request.tlsConfiguration = credentials.tls
    let response = try await http.execute(request, timeout: .init(timings.head))
    if response.status == .ok { return response.body }

    let patience = Patience(whole: timings.head, silence: timings.head)
    let message = try? await patience.bound { try await Self.beginning(of: response.body) }
    throw WatchFailure(
      status: Int(response.status.code), message: PodDecoder().message(message ?? []),
      retryAfter: response.headers.first(name: "Retry-After").flatMap {
        RetryAfter.duration($0, now: Clock.epochSeconds)
      })
  }

  private static func beginning(of body: HTTPClientResponse.Body) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await chunk in body {
      bytes += chunk.readableBytesView.prefix(messageLimit - bytes.count)
      if bytes.count >= messageLimit { break }
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

extension String {
  /// The text as a value in a query: all but RFC 3986's unreserved characters escaped.
  var percentEncoded: String {
    let hex = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
