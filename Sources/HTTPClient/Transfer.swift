// SPDX-License-Identifier: Apache-2.0

import CLibCurl

/// The data that libcurl has received of one response. Its callbacks write it on the thread that runs
/// libcurl.
final class Transfer {
  /// The limit of all headers together, in bytes.
  private static let headerLimit = 64 << 10

  /// The status and headers; nil until the last header.
  private(set) var head: HTTPResponse?
  /// The body bytes that are not read yet. libcurl delivers at most about 1.6 MB at a time.
  private var body: [UInt8] = []
  /// The result of the transfer; nil until it ends.
  var result: CURLcode?
  private(set) var hasTooManyHeaders = false

  private var status = 0
  private var fields: [(name: String, value: String)] = []
  private var headerBytes = 0

  var hasBody: Bool { !body.isEmpty }

  func drainBody() -> [UInt8] {
    defer { body = [] }
    return body
  }

  func begin() {
    head = nil
    body = []
    result = nil
    hasTooManyHeaders = false
    status = 0
    fields = []
    headerBytes = 0
  }

  // MARK: Callbacks

  /// Ingests a line: the status, a header, or the empty line after the headers. Another status follows a
  /// status 1xx.
  fileprivate func ingestHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
    headerBytes += bytes.count
    guard headerBytes <= Self.headerLimit else {
      hasTooManyHeaders = true
      return false
    }
    let line = unsafe String(decoding: bytes, as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      status = line.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) } ?? 0
      fields = []
      reason = line.split(separator: " ", maxSplits: 2).dropFirst(2).first.map { Self.trim($0) } ?? ""
    } else if line.utf8.first == UInt8(ascii: "\r") || line.utf8.first == UInt8(ascii: "\n") {
      // Lines after the first head are trailers and are ignored.
      if head == nil && status >= 200 { head = HTTPResponse(status: status, reason: reason, fields: fields) }
    } else if let colon = line.firstIndex(of: ":") {
      fields.append((line[..<colon].lowercased(), Self.trim(line[line.index(after: colon)...])))
    }
    return true
  }

  private var reason = ""

  fileprivate func ingestBody(_ bytes: UnsafeRawBufferPointer) { unsafe body.append(contentsOf: bytes) }

  private static func trim(_ text: Substring) -> String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == "\n" || $0 == "\r\n" }
    return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }

  // MARK: For libcurl

  static let headerCallback: curl_write_callback = { pointer, size, count, context in
    guard let transfer = unsafe Transfer.from(context) else { return 0 }
    let bytes = unsafe UnsafeRawBufferPointer(start: pointer, count: size * count)
    return unsafe transfer.ingestHeader(bytes) ? size * count : 0
  }

  static let bodyCallback: curl_write_callback = { pointer, size, count, context in
    guard let transfer = unsafe Transfer.from(context) else { return 0 }
    unsafe transfer.ingestBody(UnsafeRawBufferPointer(start: pointer, count: size * count))
    return size * count
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    unsafe context.map { unsafe Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }
}
