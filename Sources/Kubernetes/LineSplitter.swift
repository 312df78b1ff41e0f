// SPDX-License-Identifier: Apache-2.0

import Containers

/// Splits the body of a watch into lines, each with one event. Chunks may have any size.
struct LineSplitter {
  /// The limit of a line, in bytes. An event has one object, and etcd accepts none above 1.5 MiB.
  static let limit = 8 << 20

  private var held: [UInt8] = []

  /// Whether a line is incomplete.
  var isInsideLine: Bool { !held.isEmpty }

  /// Returns the lines that end in the next chunk, except empty ones.
  ///
  /// - Throws: `invalid` for a line of more than 8 MiB. Do not call it again then.
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
