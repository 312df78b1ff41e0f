// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A running metrics server: the exporter, or another one for comparison.
final class Server {
  /// The command that starts a server.
  struct Kind: Sendable {
    let name: String
    let path: String
    var flags: [String]
    /// Whether its stderr is discarded.
    var isQuiet = false
    /// Whether it polls: it is a build of the exporter.
    var isExporter = false
    /// Whether it serves TLS.
    var isTLS = false
    /// The flags of another version, which may lack some of this one: those are left out.
    var knownFlags: String?
    /// The flags for the address.
    var listen: @Sendable (_ port: UInt16) throws -> [String] = { ["--web.listen-address=127.0.0.1:\($0)"] }

    var isInstalled: Bool { unsafe access(path, X_OK) == 0 }

    /// Returns the same command with those of the flags that the program has.
    func with(_ more: [String]) -> Self {
      var kind = self
      kind.flags += more.filter { has($0) }
      return kind
    }

    /// Returns whether the program has a flag.
    func has(_ flag: String) -> Bool {
      let name = flag.prefix { $0 != "=" }
      return knownFlags?.contains(name) ?? true
    }

    func named(_ name: String) -> Self {
      var kind = Self(name: name, path: path, flags: flags)
      (kind.isQuiet, kind.isExporter, kind.isTLS) = (isQuiet, isExporter, isTLS)
      (kind.knownFlags, kind.listen) = (knownFlags, listen)
      return kind
    }
  }

  let child: Child
  let port: UInt16
  let cpu: CPUClock
  /// The time from before the fork to the last byte of the first response with status 200.
  let startTime: Duration

  /// Starts the server and waits until it serves its metrics.
  init(_ kind: Kind) throws {
    port = try Loopback.freePort()
    let arguments = try kind.listen(port) + kind.flags
    let start = ContinuousClock.now
    child = try Child([kind.path] + arguments, isQuiet: kind.isQuiet)
    while try !Self.responds(kind, port) {
      guard start.duration(to: .now) < .seconds(20), kill(child.pid, 0) == 0 else {
        throw BenchError("\(kind.name) does not respond")
      }
      _ = usleep(200)
    }
    startTime = start.duration(to: .now)
    cpu = try CPUClock(of: child.pid)
  }

  private static func responds(_ kind: Kind, _ port: UInt16) throws -> Bool {
    if kind.isTLS {
      let page = try? Child.output(of: [
        "/usr/bin/curl", "--silent", "--insecure", "--fail", "https://127.0.0.1:\(port)/metrics",
      ])
      return page != nil
    }
    guard let connection = HTTPConnection(port: port) else { return false }
    return try connection.get().status == 200
  }

  /// Connects one more client. It is a scraper if it has a User-Agent.
  func connect(userAgent: String? = nil, isCompressed: Bool = false) throws -> HTTPConnection {
    guard let connection = HTTPConnection(port: port, userAgent: userAgent, isCompressed: isCompressed) else {
      throw BenchError("cannot connect to the server")
    }
    return connection
  }

  var memory: Memory { get throws { try Memory(of: child.pid) } }

  /// Stops the server and waits until it ends.
  func stop() { child.end(by: SIGTERM) }
}

extension Server.Kind {
  /// A build of the exporter, as installed. It logs only errors.
  static func exporter(_ path: String) -> Self {
    var kind = Self(name: "pidns-exporter", path: path, flags: ["--log.level=error"])
    kind.isExporter = true
    return kind
  }

  /// A build of another version.
  static func baseline(_ path: String) throws -> Self {
    var kind = exporter(path).named("baseline")
    kind.knownFlags = try Child.output(of: [path, "--help-hidden"])
    return kind
  }
}
