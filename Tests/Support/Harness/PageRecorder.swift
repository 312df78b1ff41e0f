// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Records the metrics pages that tests fetch, for `scripts/check-pages.sh`, which reads them with other parsers.
///
/// A page is new if its lines differ from those of earlier pages in more than digits. The other formats of the same exporter
/// are recorded with it. Starts no process and no thread, which would be counted.
final class PageRecorder: Sendable {
  /// The recorder of this process; nil unless PIDNS_PAGES names a folder.
  static let shared = ProcessInfo.processInfo.environment["PIDNS_PAGES"].map {
    PageRecorder(URL(filePath: $0))
  }

  private struct Seen {
    var shapes: Set<Int> = []
    var isFetching = false
  }

  private let folder: URL
  private let seen = Mutex(Seen())

  init(_ folder: URL) { self.folder = folder }

  /// The formats: file extensions and media types.
  private static let formats = [
    (name: "prom", type: "text/plain; version=0.0.4"),
    (name: "openmetrics", type: "application/openmetrics-text; version=1.0.0"),
    (
      name: "protobuf",
      type: "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
    ),
  ]

  /// Records a reply if it is a new page of an exporter.
  func keep(_ reply: HTTP.Reply, of port: UInt16, _ requestLine: String, _ headers: [String]) throws {
    guard reply.status == 200, reply["Content-Encoding"] == nil,
      let format = Self.formats.first(where: { reply["Content-Type"]?.hasPrefix($0.type) == true }),
      format.name != "protobuf", reply.bytes.firstRange(of: Array("pidns_".utf8)) != nil
    else { return }
    let number: Int? = seen.withLock { seen in
      guard !seen.isFetching, seen.shapes.insert(Self.shape(reply.bytes)).inserted else { return nil }
      seen.isFetching = true
      return seen.shapes.count
    }
    guard let number else { return }
    defer { seen.withLock { $0.isFetching = false } }
    try write(reply, number, format.name)
    let headers = headers.filter { !$0.lowercased().hasPrefix("accept") }
    for other in Self.formats where other.name != format.name {
      // An exporter that has just ended cannot serve the other formats.
      guard
        let reply = try? HTTP.exchange(port: port, requestLine, headers: headers + ["Accept: \(other.type)"]),
        reply.status == 200, Int(reply["Content-Length"] ?? "") == reply.bytes.count
      else { continue }
      guard reply["Content-Type"]?.hasPrefix(other.type) == true else {
        throw TestFailure("not \(other.type) but \(reply["Content-Type"] ?? "nothing")")
      }
      try write(reply, number, other.name)
    }
  }

  private func write(_ reply: HTTP.Reply, _ number: Int, _ format: String) throws {
    guard Int(reply["Content-Length"] ?? "") == reply.bytes.count else { return }
    try Data(reply.bytes).write(to: folder.appending(path: "\(number).\(format)"))
  }

  /// A hash of the page's set of lines, in which a row of digits counts as one digit.
  private static func shape(_ page: [UInt8]) -> Int {
    var lines: Set<Int> = []
    for line in page.split(separator: UInt8(ascii: "\n")) {
      var hasher = Hasher()
      var wasDigit = false
      for byte in line {
        let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
        if !isDigit || !wasDigit { hasher.combine(isDigit ? UInt8(ascii: "0") : byte) }
        wasDigit = isDigit
      }
      lines.insert(hasher.finalize())
    }
    return lines.reduce(0, ^)
  }
}
