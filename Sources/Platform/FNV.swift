// SPDX-License-Identifier: Apache-2.0

/// A hash by which layouts are named, and a state is checked: FNV-1a, 64 bits. A change of a single byte always changes it.
package struct FNV {
  package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  /// Hashes nothing yet.
  package init() {}

  /// Adds bytes.
  package mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  /// Adds bytes in memory. The same as for other sequences, but for half a megabyte.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    for index in bytes.indices { value = (value ^ UInt64(unsafe bytes[index])) &* 0x100_0000_01B3 }
  }

  /// Adds a number, as eight bytes.
  package mutating func add(_ number: some FixedWidthInteger) {
    add((0..<8).map { UInt8(truncatingIfNeeded: UInt64(truncatingIfNeeded: number) >> ($0 * 8)) })
  }

  /// With its end, so that two texts in a row are not another two.
  package mutating func add(_ text: String) {
    add(text.utf8)
    add(CollectionOfOne(0))
  }

  /// The value in sixteen hexadecimal digits.
  package var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
