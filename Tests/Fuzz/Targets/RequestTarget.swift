// SPDX-License-Identifier: Apache-2.0

import Containers
import Glibc
import Logging

@testable import Exporter
@testable import MetricsHTTP

/// The bytes that a client sends to the port, through libmicrohttpd, to the exporter's pages.
///
/// Each input is one connection to a unix socket. The bytes that come back have to be responses of HTTP/1.1.
final class RequestTarget: Sendable {
  /// Without a web configuration.
  static func run(_ input: [UInt8]) { _ = open.responses(to: input) }

  /// With passwords and headers: a page comes only for the password.
  static func runGuarded(_ input: [UInt8]) {
    let responses = guarded.responses(to: input)
    let isKnown = contains(input, "dTpzZWNyZXQ")  // u:secret
    check(isKnown || !contains(responses, "# TYPE"), "a page without a password")
  }

  private static let open = RequestTarget("open", statuses: [], door: FrontDoor())

  private static let guarded: RequestTarget = {
    // Of the least cost.
    let yaml = """
      basic_auth_users:
        u: $2y$04$X0h1gDsPszWURQaxFh.zouZdfSt7HzEy4CLiI.zRYe8se5CVhYyZ.
      http_server_config:
        headers:
          X-Frame-Options: sameorigin
      """
    do {
      let policy = try WebPolicy(reading: Files.write(Array(yaml.utf8), to: "web.yml"))
      let guardian = WebGuard(
        policy, paths: WebGuard.Paths(open: Routes.healthPaths, all: []),
        logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })
      return RequestTarget("guarded", statuses: [401], door: guardian.door())
    } catch {
      fatalError("cannot configure: \(error)")
    }
  }()

  private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    bytes.firstRange(of: Array(text.utf8)) != nil
  }

  private let path: String
  private let server: HTTPServer
  private let statuses: [Int]

  private init(_ name: String, statuses: [Int], door: FrontDoor) {
    path = Files.write([], to: "empty").replacing("/empty", with: "/\(name)")
    // Those of the exporter and of libmicrohttpd. 408 and 429 are missing: nothing waits.
    self.statuses = [200, 400, 404, 405, 413, 414, 431, 501, 505] + statuses
    let publications = PublicationStore()
    publications.put(Host.rendered([Container.Names(container: "web"), Container.Names(unit: "a.service")]))
    do {
      server = try HTTPServer(
        addresses: [ListenAddress(socketPath: path)], door: door,
        routes: Routes.all(
          telemetryPath: "/metrics", hasStatusPage: true, publications: publications,
          scrapers: Scrapers(retention: .seconds(300)), rule: ScraperRule()))
    } catch {
      fatalError("cannot serve: \(error)")
    }
  }

  /// Sends bytes, and checks what comes back.
  private func responses(to input: [UInt8]) -> [UInt8] {
    let all = exchange(input)
    var rest = all[...]
    while !rest.isEmpty { readResponse(&rest) }
    return all
  }

  /// Sends bytes on a connection, and returns what comes back until the server closes it.
  private func exchange(_ input: [UInt8]) -> [UInt8] {
    guard let address = SocketAddress(path: path) else { fatalError("the path of the socket is too long") }
    let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    let status = unsafe address.withPointer { unsafe connect(descriptor, $0, address.length) }
    check(status == 0, "cannot connect: errno \(errno)")
    var unsent = input[...]
    while !unsent.isEmpty {
      let sent = unsafe unsent.withUnsafeBytes {
        unsafe send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      // The server closes after a response to malformed bytes.
      if sent <= 0 { break }
      unsent = unsent.dropFirst(sent)
    }
    // libmicrohttpd's epoll loop loses an end that comes with the last bytes, and would close after ten seconds.
    while isUnread(descriptor) { sched_yield() }
    shutdown(descriptor, CInt(SHUT_WR))
    var all: [UInt8] = []
    while true {
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        count = max(0, unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0))
      }
      if piece.isEmpty { return all }
      all += piece
    }
  }

  /// Whether the server has not read all, and has not closed.
  private func isUnread(_ descriptor: CInt) -> Bool {
    var bytes: CInt = 0
    guard unsafe ioctl(descriptor, UInt(TIOCOUTQ), &bytes) == 0, bytes > 0 else { return false }
    var state = pollfd(fd: descriptor, events: 0, revents: 0)
    return unsafe poll(&state, 1, 0) == 0
  }

  /// Reads one response; a reset connection may cut the last one.
  private func readResponse(_ rest: inout ArraySlice<UInt8>) {
    guard let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) else {
      check(rest.starts(with: "HTTP/1.".utf8), "not a response: \(String(decoding: rest, as: UTF8.self))")
      rest = []
      return
    }
    let head = String(decoding: rest[..<end.lowerBound], as: UTF8.self)
    let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
    let words = lines[0].split(separator: " ", maxSplits: 2)
    check(words.count == 3 && words[0] == "HTTP/1.1", "not a status line: \(lines[0])")
    if words[1] == "100" {
      // The answer to `Expect: 100-continue`; the response follows.
      check(lines.count == 1, "headers: \(head)")
      rest = rest[end.upperBound...]
      return
    }
    check(Int(words[1]).map(statuses.contains) == true, "unexpected status: \(lines[0])")
    var length = 0
    for line in lines.dropFirst() {
      let field = line.split(separator: ":", maxSplits: 1)
      check(
        field.count == 2 && field[1].utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "not a header: \(line)")
      if field[0].lowercased() == "content-length" { length = Int(field[1].dropFirst()) ?? -1 }
    }
    check(length >= 0, "no length: \(head)")
    rest = rest[end.upperBound...]
    // A response to HEAD has no body.
    if !rest.isEmpty, !rest.starts(with: "HTTP/1.".utf8) { rest = rest.dropFirst(length) }
  }
}
