// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads small text files and links in /proc and /sys.
package enum ProcFile {
  /// Returns a file's text, at most 64 KiB or another limit; nil if it cannot be read.
  package static func read(_ path: String, upTo limit: Int = 64 * 1024) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
      while filled < buffer.count {
        let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[filled...])
        let count = unsafe Glibc.read(descriptor, rest.baseAddress, rest.count)
        if count <= 0 { break }
        filled += count
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Returns whether a file is readable by this process.
  package static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

  /// Returns the target of a symbolic link, at most 4 KiB; nil if it cannot be read.
  package static func link(_ path: String) -> String? {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let length = unsafe readlink(path, start, buffer.count)
      guard length >= 0 else { return nil }
      return unsafe String(
        decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }
  }

  /// Returns the rest of the first line that starts with a key; nil without such a line.
  package static func value(of key: String, in text: String) -> Substring? {
    var rest = text.utf8[...]
    while !rest.isEmpty {
      let line = rest.prefix { $0 != UInt8(ascii: "\n") }
      rest = rest[line.endIndex...].dropFirst()
      guard line.starts(with: key.utf8) else { continue }
      return Substring(
        line.dropFirst(key.utf8.count).drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") })
    }
    return nil
  }
}
