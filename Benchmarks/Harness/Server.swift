// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A running metrics server: the exporter, or one to compare it with.
final class Server {
  /// How to start one.
  struct Kind: Sendable {
    let name: String
    let path: String
    let flags: [String]
    /// Whether what it complains about is no business of who measures it.
    var isQuiet = false

    var isInstalled: Bool { unsafe access(path, X_OK) == 0 }

    /// The same with more flags.
    func with(_ more: [String]) -> Self {
      Self(name: name, path: path, flags: flags + more, isQuiet: isQuiet)
    }
  }

  let child: Child
  let port: UInt16
  let cpu: CPUClock
  /// From before the fork to the last byte of the first answer with status 200.
  let startTime: Duration

  /// Starts it, and waits until it shows its metrics.
  init(_ kind: Kind) throws {
    port = try Loopback.freePort()
    let start = ContinuousClock.now
    child = try Child(
      [kind.path, "--web.listen-address=127.0.0.1:\(port)"] + kind.flags, isQuiet: kind.isQuiet)
    while true {
      if let connection = HTTPConnection(port: port), try connection.get().status == 200 { break }
      guard start.duration(to: .now) < .seconds(20), kill(child.pid, 0) == 0 else {
        throw BenchError("\(kind.name) does not answer")
      }
      _ = usleep(200)
    }
    startTime = start.duration(to: .now)
    cpu = try CPUClock(of: child.pid)
  }

  /// Connects one more client; a scraper where it has a User-Agent.
  func connect(userAgent: String? = nil) throws -> HTTPConnection {
    guard let connection = HTTPConnection(port: port, userAgent: userAgent) else {
      throw BenchError("the server went away")
    }
    return connection
  }

  var memory: Memory { get throws { try Memory(of: child.pid) } }

  /// Ends it, and waits for that.
  func stop() { child.end(by: SIGTERM) }
}

extension Server.Kind {
  /// The exporter as it is shipped. Said are only errors.
  static func exporter(_ path: String) -> Self {
    Self(name: "pidns-exporter", path: path, flags: ["--log.level=error"])
  }

  /// What most Linux machines that Prometheus watches run.
  static let nodeExporter = Self(
    name: "node_exporter", path: "/usr/bin/prometheus-node-exporter", flags: [], isQuiet: true)
}
