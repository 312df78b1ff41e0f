// SPDX-License-Identifier: Apache-2.0

/// Formats times as RFC 3339 in UTC: `2026-11-22T09:05:01.000000042Z`.
///
/// Caches the text up to the second, because many events happen in the same second.
package struct UTCTimestamp: Sendable {
  private var second: Int?
  private var beginning: [UInt8] = []

  /// Creates a formatter with an empty cache.
  package init() {}

  /// Appends a time since the Unix epoch. Correct for the years 0 to 9999, the range of RFC 3339.
  ///
  /// - Parameters:
  ///   - seconds: Whole seconds since the epoch.
  ///   - nanoseconds: Nanoseconds within the second.
  ///   - digits: The digits of the fraction, at most 9. Further digits are cut, not rounded.
  ///   - bytes: The buffer to append to.
  package mutating func append(
    seconds: Int, nanoseconds: Int, digits: Int = 9, to bytes: inout [UInt8]
  ) {
    if second != seconds {
      second = seconds
      beginning = Self.text(of: seconds)
    }
    bytes.append(contentsOf: beginning)
    bytes.append(UInt8(ascii: "."))
    let fraction = bytes.count
    bytes.appendDecimal(UInt64(clamping: nanoseconds), digits: 9)
    bytes.removeSubrange((fraction + min(digits, 9))...)
    bytes.append(UInt8(ascii: "Z"))
  }

  /// Returns the text of one time, with the parameters of ``append(seconds:nanoseconds:digits:to:)``.
  package static func text(seconds: Int, nanoseconds: Int, digits: Int = 9) -> String {
    var clock = Self()
    var bytes: [UInt8] = []
    clock.append(seconds: seconds, nanoseconds: nanoseconds, digits: digits, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func text(of seconds: Int) -> [UInt8] {
    let (days, rest) = (seconds / 86_400, seconds % 86_400)
    let (year, month, day) = rest < 0 ? date(ofDay: days - 1) : date(ofDay: days)
    let inDay = rest < 0 ? rest + 86_400 : rest
    var text: [UInt8] = []
    let fields = [(year, 4, "-"), (month, 2, "-"), (day, 2, "T")]
    let clock = [(inDay / 3600, 2, ":"), (inDay / 60 % 60, 2, ":"), (inDay % 60, 2, "")]
    for (number, digits, separator) in fields + clock {
      text.appendDecimal(UInt64(clamping: number), digits: digits)
      text.append(contentsOf: separator.utf8)
    }
    return text
  }

  /// Returns the Gregorian date of a day since the epoch.
  ///
  /// Years begin in March here, so that a leap day is the last day. The constants are the days in 400, 100
  /// and 4 years, and in five months.
  private static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
    let sinceMarch = day + 719_468  // days from 1 March of the year 0 to the epoch
    let era = (sinceMarch >= 0 ? sinceMarch : sinceMarch - 146_096) / 146_097
    let inEra = sinceMarch - era * 146_097
    let yearInEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
    let inYear = inEra - (365 * yearInEra + yearInEra / 4 - yearInEra / 100)
    let fromMarch = (5 * inYear + 2) / 153
    let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
    return (yearInEra + era * 400 + (month <= 2 ? 1 : 0), month, inYear - (153 * fromMarch + 2) / 5 + 1)
  }
}
