// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// An unnamed file in memory (memfd_create(2)), for libraries that read secrets only from a path.
///
/// The last reference removes the file and its content.
package final class MemoryFile: Sendable {
  private let descriptor: Int32

  /// The path for this process, valid as long as the object exists. Other processes need the right to trace this one to open it.
  package var path: String { "/proc/self/fd/\(descriptor)" }

  /// Creates a file with content. Returns nil if the kernel has no descriptor or no memory for it.
  package init?(_ bytes: [UInt8]) {
    // MFD_CLOEXEC
    let descriptor = unsafe memfd_create("pidns-exporter", 1)
    guard descriptor >= 0 else { return nil }
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes[written...].withUnsafeBytes {
        unsafe write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        _ = close(descriptor)
        return nil
      }
      written += count
    }
    self.descriptor = descriptor
  }

  deinit { _ = close(descriptor) }
}
