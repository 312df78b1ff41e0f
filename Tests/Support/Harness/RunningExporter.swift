// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The shipped exporter, on a free port of the loopback address.
package final class RunningExporter: ServedExporter {
  package let child: Child
  package let port: UInt16

  /// Starts the exporter, and returns when it is ready.
  ///
  /// - Parameter wrapper: A command in front of the program, such as `setpriv …`.
  package convenience init(_ flags: String..., wrapper: [String] = []) throws {
    try self.init(flags, wrapper: wrapper)
  }

  package convenience init(_ flags: [String], wrapper: [String] = []) throws {
    try self.init(command: wrapper + [Built.exporter.path()], flags)
  }

  /// - Parameter command: The command that runs the exporter; its flags are appended.
  package init(command: [String], _ flags: [String]) throws {
    let command = command + Self.flags + ["--web.listen-address=127.0.0.1:0"] + flags
    child = try Child(command[0], Array(command.dropFirst()))
    port = try Self.port(of: child)
    try eventually("the exporter is ready") { try get("/-/ready").status == 200 }
  }

  /// Flags that expose events at once, without waiting for names, and those of `PIDNS_EXPORTER_FLAGS`.
  package static let flags =
    ["--poll.interval=100ms", "--labels.grace=0", "--log.format=json"] + Built.chosenFlags

  /// GETs a path. If the exporter has exited, the error includes its log.
  package func get(_ path: String) throws -> (status: Int, body: String) {
    do {
      let reply = try HTTP.exchange(port: port, "GET \(path) HTTP/1.0")
      return (reply.status, reply.body)
    } catch  where !child.isRunning {
      throw TestFailure("\(error); the exporter has ended with \(child.wait()): \(child.stderr)")
    }
  }

  /// Sends SIGTERM, and returns the exit status.
  @discardableResult
  package func stop() -> Int32 {
    child.signal(SIGTERM)
    return child.wait()
  }

  private static func port(of child: Child) throws -> UInt16 {
    struct Line: Decodable {
      let msg: String
      let address: String?
    }
    let deadline = Date().addingTimeInterval(300)
    while Date() < deadline {
      for line in child.stderr.split(separator: "\n") {
        guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.utf8)),
          line.msg == "listening", let port = line.address?.split(separator: ":").last
        else { continue }
        return UInt16(port) ?? 0
      }
      if kill(child.pid, 0) != 0 { break }
      usleep(10_000)
    }
    throw TestFailure("the exporter does not listen: \(child.stderr)")
  }
}
