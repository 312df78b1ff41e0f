// SPDX-License-Identifier: Apache-2.0

import Exposition
import Gzip
import MetricsHTTP
import Synchronization

/// Immutable bytes of a page, which other pages may share; compressed at most once.
final class PagePart: Sendable {
  let body: BodyPart
  private let compressed = Mutex<Gzip.Piece?>(nil)

  init(_ body: BodyPart) { self.body = body }

  /// Takes all that an encoder has written.
  convenience init(drainedFrom encoder: inout Encoder) { self.init(encoder.drain { BodyPart(copying: $0) }) }

  /// Returns the part in compressed form, which is kept.
  fileprivate func piece(_ compressor: inout Gzip.Compressor) -> Gzip.Piece {
    if let piece = compressed.withLock({ $0 }) { return piece }
    // Outside the lock: it may be compressed twice at once.
    var piece: Gzip.Piece?
    body.withBytes { piece = compressor.compress($0) }
    guard let piece else { preconditionFailure("without a result") }
    compressed.withLock { $0 = piece }
    return piece
  }
}

/// A page as a list of parts.
struct Page {
  private(set) var parts: [PagePart] = []

  /// Below this size, parts are copied into one: to send one more part takes longer.
  private static let smallestPart = 2048

  mutating func append(_ part: PagePart) { if part.body.count > 0 { parts.append(part) } }

  /// All bytes, copied.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(parts.reduce(0) { $0 + $1.body.count })
    for part in parts { bytes.append(part.body) }
    return bytes
  }

  /// The parts to send, without small ones next to each other.
  var body: [BodyPart] {
    var body: [BodyPart] = []
    var small: [UInt8] = []
    for part in parts.map(\.body) {
      if part.count < Self.smallestPart {
        small.append(part)
        continue
      }
      if !small.isEmpty { body.append(BodyPart(copying: small.span)) }
      small.removeAll(keepingCapacity: true)
      body.append(part)
    }
    if !small.isEmpty { body.append(BodyPart(copying: small.span)) }
    return body
  }

  /// All bytes, compressed; nil if zlib has no memory. Only parts that are new take time.
  var gzipped: [UInt8]? {
    guard var compressor = Gzip.Compressor() else { return nil }
    var pieces: [Gzip.Piece] = []
    for part in parts { pieces.append(part.piece(&compressor)) }
    return Gzip.joined(pieces)
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ part: BodyPart) {
    part.withBytes { bytes in
      append(addingCapacity: bytes.count) { copy in
        for index in bytes.indices { copy.append(bytes[index]) }
      }
    }
  }
}
