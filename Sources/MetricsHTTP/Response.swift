// SPDX-License-Identifier: Apache-2.0

import CMicroHTTPD

/// An immutable answer, made once and queued for any number of clients without a copy.
///
/// Clients that are still being answered keep its body in memory after the last reference is gone.
@safe package final class Response: Sendable {
  /// The HTTP status.
  package let status: Int

  // Not Sendable by itself: MHD counts its references under a mutex, and nothing else of it changes after
  // `init`.
  private nonisolated(unsafe) let handle: OpaquePointer

  /// Makes an answer whose body is written in place, at most `bodyCapacity` bytes.
  ///
  /// The memory is the answer's own and is sent from there
  /// (`MHD_create_response_from_buffer_with_free_callback_cls`), so that a big body exists once. Capacity
  /// that is not written stays allocated as long as the answer.
  /// - Precondition: As `init(status:contentType:headers:body:)`.
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
    add("Content-Type", contentType)
    for (name, value) in headers {
      add(name, value)
    }
  }

  /// Makes an answer with a copy of a body.
  ///
  /// Content-Length, Date and Connection are added to each reply and not to be given.
  /// - Precondition: The status is within 200...599; names are tokens (RFC 9110, 5.6.2), values are
  ///   printable and not empty. A value that comes from outside is to be checked first.
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

  /// Queues the answer for the request that a connection is at; MHD takes a reference of its own.
  func queue(for connection: Connection) -> MHD_Result {
    unsafe connection.queue(handle, status: status)
  }

  /// Checks what MHD does not: a control character or a colon would write into the reply's other lines.
  private func add(_ name: String, _ value: String) {
    let separators = "()<>@,;:\\\"/[]?={}".utf8
    let isToken = name.utf8.allSatisfy { (0x21...0x7E).contains($0) && !separators.contains($0) }
    precondition(isToken, "malformed header name")
    precondition(value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "malformed header value")
    let added = unsafe MHD_add_response_header(handle, name, value)
    precondition(added == .YES, "a header that cannot be set: \(name)")
  }
}
