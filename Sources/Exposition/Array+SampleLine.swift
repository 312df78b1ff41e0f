// SPDX-License-Identifier: Apache-2.0

/// The text between a series and its value.
enum Separator {
  case space
  case braceAndSpace
}

extension [UInt8] {
  /// Appends bytes. Faster than `append(contentsOf:)`, which retains and releases the array on each call: a
  /// quarter of the time of a line.
  mutating func appendCopy(of source: Span<UInt8>) {
    append(addingCapacity: source.count) { copy in
      copy.append(repeating: 0, count: source.count)
      var target = copy.mutableSpan
      for index in source.indices { target[index] = source[index] }
    }
  }

  /// Appends the separator, the decimal digits and a line feed. Checks the capacity once.
  mutating func appendLineEnd(_ value: UInt64, after separator: Separator) {
    append(addingCapacity: 23) { line in
      if separator == .braceAndSpace { line.append(UInt8(ascii: "}")) }
      line.append(UInt8(ascii: " "))
      line.append(repeating: UInt8(ascii: "0"), count: value.decimalDigits)
      var rest = value
      var index = line.count
      // Two digits per division, starting with the last.
      while rest >= 10 {
        let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
        index -= 2
        line[index] += UInt8(truncatingIfNeeded: pair / 10)
        line[index + 1] += UInt8(truncatingIfNeeded: pair % 10)
        rest = quotient
      }
      if rest > 0 { line[index - 1] += UInt8(truncatingIfNeeded: rest) }
      line.append(UInt8(ascii: "\n"))
    }
  }

  /// Appends the separator, the shortest decimal number that parses to the same value, and a line feed.
  mutating func appendLineEnd(_ value: Double, after separator: Separator) {
    if separator == .braceAndSpace { append(UInt8(ascii: "}")) }
    append(UInt8(ascii: " "))
    if value.isFinite {
      append(contentsOf: value.description.utf8)
    } else if value.isNaN {
      append(contentsOf: "NaN".utf8)
    } else {
      append(contentsOf: (value > 0 ? "+Inf" : "-Inf").utf8)
    }
    append(UInt8(ascii: "\n"))
  }
}

extension UInt64 {
  /// The number of decimal digits, 1 to 20.
  fileprivate var decimalDigits: Int {
    var digits = 1
    var bound: UInt64 = 10
    while self >= bound {
      digits += 1
      let (next, overflow) = bound.multipliedReportingOverflow(by: 10)
      if overflow { break }
      bound = next
    }
    return digits
  }
}
