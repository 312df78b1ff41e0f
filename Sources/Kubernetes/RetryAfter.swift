// SPDX-License-Identifier: Apache-2.0

/// Parses the header Retry-After (RFC 9110, section 10.2.3).
enum RetryAfter {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Returns the time to wait; nil if the text is malformed.
  ///
  /// - Parameters:
  ///   - text: Seconds, as Kubernetes sends, or a date, as a proxy may send: `Sun, 06 Nov 1994 08:49:37 GMT`.
  ///   - now: Seconds since the epoch.
  static func duration(_ text: String, now: Double) -> Duration? {
    if let seconds = UInt32(text) { return .seconds(seconds) }
    let fields = text.split(separator: " ")
    guard fields.count == 6, fields[5] == "GMT", let day = Int(fields[1]), (1...31).contains(day),
      let month = months.firstIndex(of: String(fields[2])), let year = Int(fields[3]),
      (1970...9999).contains(year)
    else { return nil }
    let time = fields[4].split(separator: ":").compactMap { UInt8($0) }
    guard time.count == 3, time[0] < 24, time[1] < 60, time[2] <= 60 else { return nil }
    let seconds = ((days(year, month + 1, day) * 24 + Int(time[0])) * 60 + Int(time[1])) * 60 + Int(time[2])
    return .seconds(max(0, Double(seconds) - now))
  }

  /// Returns the days since 1 January 1970 in the Gregorian calendar. Years begin in March here, so that the
  /// leap day is last.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let month = (month + 9) % 12
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
  }
}
