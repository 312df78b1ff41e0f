// SPDX-License-Identifier: Apache-2.0

/// Cuts the lines out of a watch's body, which has one event on each; the bytes come in chunks of any size.
struct LineSplitter {
  /// The maximum length of a line: an event holds one object, and etcd accepts none above 1.5 MiB.
  static let limit = 8 << 20

  private var held: [UInt8] = []

  /// Whether the end of a line has not come yet.
  var isInsideLine: Bool { !held.isEmpty }

  /// Returns the lines that end in the next bytes, without empty ones.
  ///
  /// - Throws: `invalid` where a line has more than 8 MiB; then the rest is of no use.
  mutating func feed(_ chunk: Span<UInt8>) throws(WatchFailure) -> [[UInt8]] {
    var lines: [[UInt8]] = []
    for index in chunk.indices {
      let byte = chunk[index]
      if byte == UInt8(ascii: "\n") {
        if !held.isEmpty { lines.append(held) }
        held = []
      } else if held.count < Self.limit {
        held.append(byte)
      } else {
        held = []
        throw WatchFailure(.invalid, "an event has more than 8 MiB")
      }
    }
    return lines
  }
}
