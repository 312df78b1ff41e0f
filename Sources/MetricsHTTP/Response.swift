// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD

/// An immutable response, built once and queued for any number of clients without a copy.
///
/// Its body stays in memory until the last transfer to a client ends.
@safe package final class Response: Sendable {
  /// The HTTP status.
  package let status: Int

  // Sendable because MHD counts its references under a mutex, and nothing else changes after `init`.
  private nonisolated(unsafe) let handle: OpaquePointer
  private let body: Body
  private let headers: [(String, String)]

  /// The largest number of parts of a body. MHD copies the list of them, 16 bytes each, into the memory of the
  /// connection, where the request's headers are.
  package static let partLimit = 256

  /// Builds a response whose body is the concatenation of parts. They are sent from where they are: nothing is copied.
  ///
  /// The server adds Content-Length, Date and Connection; do not pass them.
  /// - Precondition: The status is within 200...599. Names are tokens (RFC 9110, section 5.6.2). Values are
  ///   printable and not empty. Check values from outside first. There are at most `partLimit` parts.
  package init(status: Int = 200, contentType: String, headers: [(String, String)] = [], parts: [BodyPart]) {
    precondition((200...599).contains(status), "not a final HTTP status")
    precondition(parts.count <= Self.partLimit, "too many parts: \(parts.count)")
    self.status = status
    body = Body(parts: parts)
    self.headers = [("Content-Type", contentType)] + headers
    unsafe handle = Self.make(body)
    addHeaders()
  }

  /// Builds a response with a copy of a body.
  ///
  /// - Precondition: As for `init(status:contentType:headers:parts:)`.
  package convenience init(
    status: Int = 200, contentType: String, headers: [(String, String)] = [], body: [UInt8]
  ) {
    self.init(
      status: status, contentType: contentType, headers: headers, parts: [BodyPart(copying: body.span)])
  }

  /// Identifies the body, which responses with other headers share. Valid while one of them exists, or is being sent.
  var bodyIdentifier: ObjectIdentifier { ObjectIdentifier(body) }

  /// The size of the body in bytes.
  var bodySize: Int { body.size }

  /// Builds a response with the body of another one, which it shares.
  private init(_ other: Response, headers: [(String, String)]) {
    status = other.status
    body = other.body
    self.headers = headers
    unsafe handle = Self.make(other.body)
    addHeaders()
  }

  /// Returns this response with other headers, without a copy of its body. They replace those of the same name.
  func setting(_ new: [(String, String)]) -> Response {
    let names = Set(new.map { $0.0.lowercased() })
    return Response(self, headers: headers.filter { !names.contains($0.0.lowercased()) } + new)
  }

  /// Makes MHD's response. It keeps the parts until the last transfer ends, which may be after the end of the
  /// `Response`.
  private static func make(_ body: Body) -> OpaquePointer {
    let owner = unsafe Unmanaged.passRetained(body).toOpaque()
    let parts = body.parts
    let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { owner in
      if let owner = unsafe owner { unsafe Unmanaged<Body>.fromOpaque(owner).release() }
    }
    let made: OpaquePointer?
    if parts.count <= 1 {
      // One part is sent together with the headers. MHD only reads it.
      unsafe made = unsafe MHD_create_response_from_buffer_with_free_callback_cls(
        parts.first?.count ?? 0, UnsafeMutableRawPointer(mutating: parts.first?.bytes.baseAddress), release,
        owner)
    } else {
      let list = unsafe parts.map { part in
        unsafe MHD_IoVec(iov_base: part.bytes.baseAddress, iov_len: part.count)
      }
      unsafe made = unsafe MHD_create_response_from_iovec(list, UInt32(list.count), release, owner)
    }
    guard let made = unsafe made else { preconditionFailure("out of memory") }
    return unsafe made
  }

  deinit {
    unsafe MHD_destroy_response(handle)
  }

  /// Queues the response for the current request of a connection. MHD retains it.
  func queue(for connection: Connection) -> MHD_Result {
    unsafe connection.queue(handle, status: status)
  }

  private func addHeaders() {
    for (name, value) in headers { add(name, value) }
  }

  /// Adds a header. Checks for a control character and a colon, which could forge other header lines: MHD does not.
  private func add(_ name: String, _ value: String) {
    let separators = "()<>@,;:\\\"/[]?={}".utf8
    let isToken = name.utf8.allSatisfy { (0x21...0x7E).contains($0) && !separators.contains($0) }
    precondition(isToken, "malformed header name")
    precondition(value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "malformed header value")
    let added = unsafe MHD_add_response_header(handle, name, value)
    precondition(added == .YES, "a header that cannot be set: \(name)")
  }
}

/// The parts of a body, which MHD keeps until the last transfer ends.
private final class Body: Sendable {
  let parts: [BodyPart]
  let size: Int

  init(parts: [BodyPart]) {
    self.parts = parts
    size = parts.reduce(0) { $0 + $1.count }
  }
}
