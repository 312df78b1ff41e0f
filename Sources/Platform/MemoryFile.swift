// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// A file without a name, in memory: for a library that reads secrets from a path alone.
///
/// The file and its content go with the last reference.
package final class MemoryFile: Sendable {
  private let descriptor: Int32

  /// Where this process can open the file, as long as the object exists. No other user may open it.
  package var path: String { "/proc/self/fd/\(descriptor)" }

  /// Makes a file with content; nil where the kernel has no descriptor or no memory for it.
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
      guard count > 0, fchmod(descriptor, S_IRUSR) == 0 else {
        _ = close(descriptor)
        return nil
      }
      written += count
    }
    self.descriptor = descriptor
  }

  deinit { _ = close(descriptor) }
}
