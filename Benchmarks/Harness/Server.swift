// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A running metrics server: the exporter, or another one for comparison.
final class Server {
  /// The command that starts a server.
  struct Kind: Sendable {
    let name: String
    let path: String
    let flags: [String]
    /// Whether its stderr is discarded.
    var isQuiet = false

    var isInstalled: Bool { unsafe access(path, X_OK) == 0 }

    /// Returns the same command with more flags.
    func with(_ more: [String]) -> Self {
      Self(name: name, path: path, flags: flags + more, isQuiet: isQuiet)
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
    let start = ContinuousClock.now
    child = try Child(
      [kind.path, "--web.listen-address=127.0.0.1:\(port)"] + kind.flags, isQuiet: kind.isQuiet)
    while true {
      if let connection = HTTPConnection(port: port), try connection.get().status == 200 { break }
      guard start.duration(to: .now) < .seconds(20), kill(child.pid, 0) == 0 else {
        throw BenchError("\(kind.name) does not respond")
      }
      _ = usleep(200)
    }
    startTime = start.duration(to: .now)
    cpu = try CPUClock(of: child.pid)
  }

  /// Connects one more client. It is a scraper if it has a User-Agent.
  func connect(userAgent: String? = nil) throws -> HTTPConnection {
    guard let connection = HTTPConnection(port: port, userAgent: userAgent) else {
      throw BenchError("cannot connect to the server")
    }
    return connection
  }

  var memory: Memory { get throws { try Memory(of: child.pid) } }

  /// Stops the server and waits until it ends.
  func stop() { child.end(by: SIGTERM) }
}

extension Server.Kind {
  /// The exporter as installed. It logs only errors.
  static func exporter(_ path: String) -> Self {
    Self(name: "pidns-exporter", path: path, flags: ["--log.level=error"])
  }

  /// node_exporter, which runs on most Linux machines that Prometheus monitors.
  static let nodeExporter = Self(
    name: "node_exporter", path: "/usr/bin/prometheus-node-exporter", flags: [], isQuiet: true)
}
