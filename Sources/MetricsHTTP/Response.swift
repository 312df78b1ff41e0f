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
  private nonisolated(unsafe) let body: UnsafeRawBufferPointer
  private let headers: [(String, String)]

  /// Builds a response whose body is written in place, at most `bodyCapacity` bytes.
  ///
  /// The response owns the memory and sends from it
  /// (`MHD_create_response_from_buffer_with_free_callback_cls`), so a large body exists only once. Unused
  /// capacity stays allocated as long as the response.
  /// - Precondition: As for `init(status:contentType:headers:body:)`.
  package init(
    status: Int = 200, contentType: String, headers: [(String, String)] = [], bodyCapacity: Int,
    writingBody write: (inout OutputSpan<UInt8>) -> Void
  ) {
    precondition((200...599).contains(status), "not a final HTTP status")
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bodyCapacity)
    var span = unsafe OutputSpan(buffer: memory, initializedCount: 0)
    write(&span)
    let count = unsafe span.finalize(for: memory)
    let made = unsafe MHD_create_response_from_buffer_with_free_callback_cls(
      count, memory.baseAddress, { unsafe $0?.assumingMemoryBound(to: UInt8.self).deallocate() },
      memory.baseAddress)
    guard let made = unsafe made else { preconditionFailure("out of memory") }
    self.status = status
    unsafe handle = unsafe made
    unsafe body = unsafe UnsafeRawBufferPointer(start: memory.baseAddress, count: count)
    self.headers = [("Content-Type", contentType)] + headers
    addHeaders()
  }

  /// Builds a response with the body of another one, which it keeps.
  private init(_ other: Response, headers: [(String, String)]) {
    let owner = unsafe Unmanaged.passRetained(other)
    // MHD only reads the body.
    let made = unsafe MHD_create_response_from_buffer_with_free_callback_cls(
      other.body.count, UnsafeMutableRawPointer(mutating: other.body.baseAddress),
      { owner in if let owner = unsafe owner { unsafe Unmanaged<Response>.fromOpaque(owner).release() } },
      owner.toOpaque())
    guard let made = unsafe made else { preconditionFailure("out of memory") }
    status = other.status
    unsafe handle = unsafe made
    unsafe body = unsafe other.body
    self.headers = headers
    addHeaders()
  }

  /// Returns this response with other headers, without a copy of its body. They replace those of the same name.
  func setting(_ new: [(String, String)]) -> Response {
    let names = Set(new.map { $0.0.lowercased() })
    return Response(self, headers: headers.filter { !names.contains($0.0.lowercased()) } + new)
  }

  /// Builds a response with a copy of a body.
  ///
  /// The server adds Content-Length, Date and Connection; do not pass them.
  /// - Precondition: The status is within 200...599. Names are tokens (RFC 9110, section 5.6.2). Values are
  ///   printable and not empty. Check values from outside first.
  package convenience init(
    status: Int = 200, contentType: String, headers: [(String, String)] = [], body: [UInt8]
  ) {
    self.init(status: status, contentType: contentType, headers: headers, bodyCapacity: body.count) { span in
      unsafe span.withUnsafeMutableBufferPointer { memory, count in
        count = unsafe memory.initialize(fromContentsOf: body)
      }
    }
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
