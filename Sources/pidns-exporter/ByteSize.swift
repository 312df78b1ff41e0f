// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A memory size: `4096`, `64KiB`, `4MiB`, `1GiB`.
struct ByteSize: Equatable, ExpressibleByArgument, CustomStringConvertible {
  let bytes: UInt64

  private static let units: [(name: String, bytes: UInt64)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
  ]

  init(bytes: UInt64) { self.bytes = bytes }

  /// Parses a whole number of bytes, or one with a unit. Returns nil for other text and for more than 64
  /// bits.
  init?(argument: String) {
    let unit = Self.units.first { argument.hasSuffix($0.name) }
    let digits = argument.dropLast(unit?.name.count ?? 0)
    // UInt64 would accept a plus sign.
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt64(digits) else {
      return nil
    }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit?.bytes ?? 1)
    guard !overflow else { return nil }
    self.init(bytes: bytes)
  }

  /// Parses a flag's value.
  ///
  /// - Throws: `ValidationError` with the correct syntax.
  static func parse(_ text: String) throws -> ByteSize {
    guard let size = ByteSize(argument: text) else {
      throw ValidationError("write a size such as 64KiB or 4MiB")
    }
    return size
  }

  /// The ring buffer size for this many bytes: the next power of two, at least 4,096. nil for 0 and for more
  /// than 1 GiB.
  var ringBufferBytes: UInt32? {
    guard (1...1 << 30).contains(bytes) else { return nil }
    var size: UInt32 = 4096
    while size < bytes { size <<= 1 }
    return size
  }

  var description: String {
    for (name, unit) in Self.units where bytes >= unit && bytes % unit == 0 {
      return "\(bytes / unit)\(name)"
    }
    return "\(bytes)"
  }

  var defaultValueDescription: String { description }
}
