// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Says which operation on the kernel failed, and why.
package struct BPFError: Error, Sendable, CustomStringConvertible {
  /// What was tried, as a verb and its object: "load the BPF programs".
  package let operation: String
  /// The kernel's or libbpf's errno; a positive number, not always one that has a name.
  package let errno: Int32
  /// The line of libbpf's or the verifier's log that tells the cause, where there is one.
  package let detail: String?

  /// Creates an error from an errno, positive or as libbpf returns it, negative.
  package init(_ operation: String, errno: Int32, detail: String? = nil) {
    self.operation = operation
    self.errno = errno < 0 ? -errno : errno
    self.detail = detail
  }

  /// One line: the operation, the errno's text, the detail.
  package var description: String {
    let reason = unsafe String(cString: strerror(errno))
    return "cannot \(operation): \(reason)" + (detail.map { " (\($0))" } ?? "")
  }
}

/// Calls a libbpf function that answers a negative errno on failure.
///
/// - Returns: what it answered.
package func checked(_ operation: @autoclosure () -> String, _ result: Int32) throws(BPFError) -> Int32 {
  if result < 0 { throw BPFError(operation(), errno: result, detail: LibbpfLog.drainUsefulLine()) }
  return result
}

/// Calls a libbpf function that answers NULL and sets errno on failure.
func checked(_ operation: @autoclosure () -> String, _ result: OpaquePointer?) throws(BPFError)
  -> OpaquePointer
{
  guard let result = unsafe result else {
    throw BPFError(operation(), errno: Glibc.errno, detail: LibbpfLog.drainUsefulLine())
  }
  return unsafe result
}
