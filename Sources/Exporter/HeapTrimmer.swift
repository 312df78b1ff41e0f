// SPDX-License-Identifier: Apache-2.0

/// Returns the heap's free memory to the kernel after many connections have ended: sessions of TLS leave megabytes of it between
/// blocks that stay.
struct HeapTrimmer {
  /// The fall in the number of connections that is worth a millisecond: some 2 MB with TLS.
  static let fall = 64

  private var highest = 0

  /// Compares the number of connections with its maximum. Call it at each poll.
  ///
  /// - Parameter trim: Returns the memory.
  mutating func update(connections: Int, trim: () -> Void) {
    if connections <= highest - Self.fall {
      trim()
      highest = connections
    } else {
      highest = max(highest, connections)
    }
  }
}
