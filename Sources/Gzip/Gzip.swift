// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Compresses in the gzip format (RFC 1952) with zlib.
package enum Gzip {
  /// Compresses bytes at level 1, the fastest.
  ///
  /// Level 1 shrinks a page of metrics to about a tenth. The highest level shrinks it to a twelfth in five
  /// times the time.
  ///
  /// - Returns: nil if zlib cannot allocate its window of 256 KiB.
  package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = unsafe z_stream()
    guard unsafe CZlib_start_gzip(&stream, 1) == Z_OK else { return nil }
    defer { _ = unsafe deflateEnd(&stream) }
    // The upper bound of the output's size.
    let capacity = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
    var isComplete = false
    let compressed = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      unsafe bytes.withUnsafeBufferPointer { input in
        // zlib only reads the input; the field lacks a const.
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
