// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
  /// Appends a number in decimal digits.
  package mutating func appendDecimal(_ number: UInt64) {
    var left = count
    var rest = number
    repeat {
      append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    // The loop above appended the digits in reverse order.
    var right = count - 1
    while left < right {
      swapAt(left, right)
      left += 1
      right -= 1
    }
  }

  /// Appends the last `digits` digits of a number, padded with zeros.
  package mutating func appendDecimal(_ number: UInt64, digits: Int) {
    let start = count
    append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
    var rest = number
    var index = start + digits - 1
    while index >= start {
      self[index] += UInt8(rest % 10)
      rest /= 10
      index -= 1
    }
  }
}
