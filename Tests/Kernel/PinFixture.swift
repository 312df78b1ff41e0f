// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

/// A BPF file system of a test, and a folder for a state, with the exporters that use them one after another.
final class PinFixture {
  let folder: TemporaryFolder
  let port: UInt16

  /// The flags of every exporter.
  var flags: [String] { ["--bpf.pin=\(pins)", "--state.file=\(state)"] + RunningExporter.flags }
  var pins: String { folder["bpf/pidns"] }
  var state: String { folder["state"] }

  init() throws {
    folder = try TemporaryFolder()
    guard unsafe chmod(folder.url.path(), 0o700) == 0 else { throw TestFailure("chmod: \(errno)") }
    let point = try folder.makeFolder("bpf")
    guard unsafe mount("bpf", point, "bpf", 0, "mode=0700") == 0 else {
      throw TestFailure("cannot mount a BPF file system: \(errno)")
    }
    port = try HTTP.freePort()
  }

  /// Starts an exporter, and returns when it has polled.
  func start(program: String = Built.exporter.path(), arguments flags: [String] = []) throws -> PinnedExporter
  {
    try PinnedExporter(program: program, port: port, self.flags + flags)
  }

  /// The paths of all pins of the only layout.
  func layout() throws -> String {
    let layouts = try FileManager.default.contentsOfDirectory(atPath: pins)
    guard layouts.count == 1 else { throw TestFailure("\(layouts)") }
    return "\(pins)/\(layouts[0])"
  }
}

/// An exporter on a port that the next one has, too.
final class PinnedExporter: ServedExporter {
  let child: Child
  let port: UInt16

  init(program: String = Built.exporter.path(), port: UInt16, _ flags: [String]) throws {
    self.port = port
    child = try Child(program, ["--web.listen-address=127.0.0.1:\(port)"] + flags)
    try eventually("the exporter is ready") {
      guard child.isRunning else { throw TestFailure("the exporter has ended: \(child.stderr)") }
      return (try? get("/-/ready").status) == 200
    }
  }

  func get(_ path: String) throws -> (status: Int, body: String) {
    let reply = try HTTP.exchange(port: port, "GET \(path) HTTP/1.0")
    return (reply.status, reply.body)
  }

  /// Scrapes as Prometheus does.
  func scrapeAsPrometheus() throws -> Scrape {
    let header = "X-Prometheus-Scrape-Timeout-Seconds: 10"
    return try Scrape(HTTP.exchange(port: port, "GET /metrics HTTP/1.0", headers: [header]).body)
  }

  func kill() {
    child.signal(SIGKILL)
    child.wait()
  }

  func stop() -> Int32 {
    child.signal(SIGTERM)
    return child.wait()
  }
}

extension PinFixture {
  static func bpftool(_ arguments: String...) throws { try bpftool(arguments) }

  static func bpftool(_ arguments: [String]) throws {
    let result = try Child.run("/usr/sbin/bpftool", arguments)
    guard result.status == 0 else {
      throw TestFailure("bpftool \(arguments): \(result.stderr)\(result.stdout)")
    }
  }

  /// Returns the only line of an exporter that fails, without its log.
  static func failure(_ arguments: [String]) throws -> String {
    let (status, _, stderr) = try Child.run(Built.exporter.path(), arguments)
    #expect(status == 1)
    let lines = stderr.split(separator: "\n").filter { !$0.hasPrefix("ts=") && !$0.hasPrefix("{") }
    #expect(lines.count == 1, "\(stderr)")
    return lines.first.map(String.init) ?? ""
  }
}
