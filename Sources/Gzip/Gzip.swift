// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Compresses as gzip files are (RFC 1952), by zlib.
package enum Gzip {
  /// Compresses bytes.
  ///
  /// At level 1, which is the fastest: a page of metrics shrinks to about a tenth, by the highest level to a twelfth in
  /// five times the time.
  ///
  /// - Returns: nil where zlib has no memory for its window, 256 KiB.
  package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = unsafe z_stream()
    guard unsafe CZlib_start_gzip(&stream, 1) == Z_OK else { return nil }
    defer { _ = unsafe deflateEnd(&stream) }
    // No more than this is written, whatever the bytes are.
    let capacity = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
    var isComplete = false
    let compressed = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      unsafe bytes.withUnsafeBufferPointer { input in
        // zlib only reads it, and has no const for that.
        unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.avail_in = UInt32(clamping: input.count)
        unsafe stream.next_out = output.baseAddress
        unsafe stream.avail_out = UInt32(clamping: capacity)
        isComplete = unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END
        count = unsafe Int(stream.total_out)
      }
    }
    return isComplete ? compressed : nil
  }
}
