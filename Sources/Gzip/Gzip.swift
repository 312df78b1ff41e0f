// SPDX-License-Identifier: Apache-2.0

import CZlib

/// The gzip format (RFC 1952), put together from pieces that are compressed each on its own. So a piece that several bodies
/// have is compressed once.
package enum Gzip {
  /// Compressed bytes: blocks of the deflate format (RFC 1951) that refer to no other piece and end with a byte.
  package struct Piece: Sendable {
    fileprivate let blocks: [UInt8]
    /// The CRC-32 of the bytes.
    fileprivate let checksum: UInt
    fileprivate let count: Int
  }

  /// Returns the gzip format of the concatenation of pieces.
  package static func joined(_ pieces: [Piece]) -> [UInt8] {
    // No name, no time; the fastest level; Unix.
    let header: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3]
    // A last block that is empty.
    let last: [UInt8] = [3, 0]
    var body: [UInt8] = []
    body.reserveCapacity(pieces.reduce(20) { $0 + $1.blocks.count })
    body += header
    var (checksum, count): (UInt, UInt32) = (0, 0)
    for piece in pieces {
      body += piece.blocks
      checksum = crc32_combine(checksum, piece.checksum, piece.count)
      count &+= UInt32(truncatingIfNeeded: piece.count)
    }
    body += last
    for word in [UInt32(truncatingIfNeeded: checksum), count] {
      for shift in stride(from: 0, to: 32, by: 8) {
        body.append(UInt8(truncatingIfNeeded: word >> UInt32(shift)))
      }
    }
    return body
  }

  /// Compresses pieces with zlib at level 1, the fastest.
  ///
  /// Level 1 shrinks a page of metrics to about a tenth. The highest level shrinks it to a twelfth in five
  /// times the time.
  @safe package struct Compressor: ~Copyable {
    // zlib refers to the stream by its address.
    private let stream: UnsafeMutablePointer<z_stream>
    private var output: [UInt8] = []

    /// Returns nil if zlib cannot allocate its 160 KiB.
    package init?() {
      unsafe stream = .allocate(capacity: 1)
      unsafe stream.initialize(to: z_stream())
      guard unsafe CZlib_start_deflate(stream, 1) == Z_OK else {
        unsafe stream.deallocate()
        return nil
      }
    }

    deinit {
      _ = unsafe deflateEnd(stream)
      unsafe stream.deallocate()
    }

    /// Compresses a piece, of at most 4 GiB.
    package mutating func compress(_ bytes: Span<UInt8>) -> Piece {
      _ = unsafe deflateReset(stream)
      // The bound does not contain the end of the last block: five bytes, and up to one before them.
      let bound = unsafe Int(deflateBound(stream, UInt(bytes.count))) + 16
      if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
      var checksum: UInt = 0
      unsafe bytes.withUnsafeBufferPointer { input in
        checksum = unsafe crc32_z(0, input.baseAddress, input.count)
        unsafe output.withUnsafeMutableBufferPointer { output in
          // zlib only reads the input; the field lacks a const.
          unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
          unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
          unsafe stream.pointee.next_out = output.baseAddress
          unsafe stream.pointee.avail_out = UInt32(clamping: output.count)
          let result = unsafe deflate(stream, Z_SYNC_FLUSH)
          precondition(result == Z_OK || input.isEmpty, "zlib failed")
        }
      }
      let length = unsafe Int(stream.pointee.total_out)
      // A copy that is exactly as long as it is.
      return Piece(blocks: Array(output[..<length]), checksum: checksum, count: bytes.count)
    }
  }
}
