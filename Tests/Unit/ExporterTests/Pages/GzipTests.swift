// SPDX-License-Identifier: Apache-2.0

import CZlib
import Gzip
import TestSupport
import Testing

/// Bodies that are put together from compressed pieces, read by zlib as one member.
@Suite struct GzipTests {
  /// Decompresses one gzip member; nil if it is malformed, if its checksum is wrong, or if something follows it.
  static func decompress(_ body: [UInt8], count: Int) -> [UInt8]? {
    var stream = unsafe z_stream()
    // 15 + 16 asks for gzip alone.
    guard unsafe inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      return nil
    }
    defer { _ = unsafe inflateEnd(&stream) }
    var isComplete = false
    let plain = unsafe [UInt8](unsafeUninitializedCapacity: count + 1) { output, filled in
      unsafe body.withUnsafeBufferPointer { input in
        unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        unsafe stream.avail_in = UInt32(input.count)
        unsafe stream.next_out = output.baseAddress
        unsafe stream.avail_out = UInt32(output.count)
        isComplete = unsafe inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0
        filled = unsafe Int(stream.total_out)
      }
    }
    return isComplete ? plain : nil
  }

  @Test("Pieces of all sizes, text and noise, in any order and more than once")
  func pieces() {
    var random = SeededGenerator.printingSeed("GzipTests.pieces")
    guard var compressor = Gzip.Compressor() else {
      Issue.record("zlib has no memory")
      return
    }
    var made: [(plain: [UInt8], piece: Gzip.Piece)] = []
    for size in [0, 1, 2, 63, 64, 1000, 40_000, 70_000, 300_000, 0, 5] {
      let isText = Bool.random(using: &random)
      let plain = (0..<size).map {
        isText ? UInt8($0 / 3 % 50 + 40) : UInt8.random(in: 0...255, using: &random)
      }
      made.append((plain, compressor.compress(plain.span)))
    }
    #expect(Self.decompress(Gzip.joined([]), count: 0) == [])
    for _ in 0..<20 {
      let chosen = (0..<Int.random(in: 1...12, using: &random)).compactMap { _ in
        made.randomElement(using: &random)
      }
      let plain = chosen.flatMap(\.plain)
      #expect(Self.decompress(Gzip.joined(chosen.map(\.piece)), count: plain.count) == plain)
    }
  }
}
