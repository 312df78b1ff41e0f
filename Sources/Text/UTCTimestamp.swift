// SPDX-License-Identifier: Apache-2.0

import Glibc

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

  /// Returns the seconds since the Unix epoch of a time of RFC 3339, as in `2026-11-22T09:05:01.5+02:00`; nil
  /// for other text.
  package static func seconds(_ text: String) -> Double? {
    // Everything up to the fraction has a fixed width.
    let fields = Array(text.utf8.prefix(19))
    func number(_ range: Range<Int>) -> Int? {
      fields[range].allSatisfy(\.isDigit) ? Int(String(decoding: fields[range], as: UTF8.self)) : nil
    }
    guard fields.count == 19, [4, 7].allSatisfy({ fields[$0] == UInt8(ascii: "-") }),
      [13, 16].allSatisfy({ fields[$0] == UInt8(ascii: ":") }), "Tt ".utf8.contains(fields[10]),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      let whole = seconds(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
    else { return nil }
    var rest = Substring(text.utf8.dropFirst(19))
    var fraction = 0.0
    if rest.first == "." {
      let digits = rest.utf8.dropFirst().prefix(while: \.isDigit)
      guard !digits.isEmpty, let value = Double("0.\(Substring(digits))") else { return nil }
      fraction = value
      rest = rest[digits.endIndex...]
    }
    return offset(rest).map { Double(whole - $0) + fraction }
  }

  /// Returns the seconds since the Unix epoch of a date and time of day in UTC; nil if there is no such date. A
  /// leap second is the second after it.
  package static func seconds(
    year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int
  ) -> Int? {
    guard 0...9999 ~= year, 1...12 ~= month, 1...31 ~= day, 0..<24 ~= hour, 0..<60 ~= minute, 0...60 ~= second
    else { return nil }
    var time = unsafe tm()
    unsafe time.tm_year = Int32(year - 1900)
    unsafe time.tm_mon = Int32(month - 1)
    unsafe time.tm_mday = Int32(day)
    unsafe time.tm_hour = Int32(hour)
    unsafe time.tm_min = Int32(minute)
    unsafe time.tm_sec = Int32(second)
    let seconds = unsafe timegm(&time)
    // timegm() takes 31 April for 1 May.
    let isDate = unsafe Int(time.tm_mday) == day || second == 60
    return isDate ? seconds : nil
  }

  /// Returns the seconds of `Z` or `+02:00`, to the east; nil for other text.
  private static func offset(_ text: Substring) -> Int? {
    if text == "Z" || text == "z" { return 0 }
    let fields = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
    guard let sign = text.first, sign == "+" || sign == "-", fields.count == 2,
      fields.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(\.isDigit) }),
      let hours = Int(fields[0]), let minutes = Int(fields[1]), hours < 24, minutes < 60
    else { return nil }
    return (sign == "+" ? 1 : -1) * (hours * 3600 + minutes * 60)
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

extension UInt8 {
  fileprivate var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
}
