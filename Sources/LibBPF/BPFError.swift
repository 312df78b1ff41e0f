// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A failed operation on the kernel, with its reason.
package struct BPFError: Error, Sendable, CustomStringConvertible {
  /// The operation as a verb and its object: "load the BPF programs".
  package let operation: String
  /// The errno of the kernel or libbpf, positive. It may have no symbol. 0 if this program itself refuses.
  package let errno: Int32
  /// The line of libbpf's or the verifier's log with the cause; nil if there is none.
  package let detail: String?
  /// The program that libbpf could not load, by its name in the source; nil for other failures.
  package let program: String?
  /// What to do about it; nil if that depends on the errno only.
  package let advice: String?

  /// Creates an error from an errno, either positive or negative as libbpf returns it.
  package init(
    _ operation: String, errno: Int32, detail: String? = nil, program: String? = nil, advice: String? = nil
  ) {
    self.operation = operation
    self.errno = errno < 0 ? -errno : errno
    self.detail = detail
    self.program = program
    self.advice = advice
  }

  /// Refuses something for a reason that the kernel does not give.
  package init(refusing reason: String, advice: String) {
    self.init(reason, errno: 0, advice: advice)
  }

  /// The operation, the text of the errno, and the detail, in one line. Without an errno, the operation is a reason.
  package var description: String {
    guard errno != 0 else { return operation }
    let reason = unsafe String(cString: strerror(errno))
    return "cannot \(operation): \(reason)" + (detail.map { " (\($0))" } ?? "")
  }
}

/// Checks the result of a libbpf function that returns a negative errno on failure.
///
/// - Returns: `result`, if it is not negative.
package func checked(_ operation: @autoclosure () -> String, _ result: Int32) throws(BPFError) -> Int32 {
  if result < 0 { throw BPFError(operation(), errno: result, detail: LibbpfLog.drainUsefulLine()) }
  return result
}

/// Checks the result of a libbpf function that returns NULL and sets errno on failure.
func checked(_ operation: @autoclosure () -> String, _ result: OpaquePointer?) throws(BPFError)
  -> OpaquePointer
{
  guard let result = unsafe result else {
    throw BPFError(operation(), errno: Glibc.errno, detail: LibbpfLog.drainUsefulLine())
  }
  return unsafe result
}
