// SPDX-License-Identifier: Apache-2.0

import Text

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
    guard fields.count == 6, fields[5] == "GMT", let day = Int(fields[1]),
      let month = months.firstIndex(of: String(fields[2])), let year = Int(fields[3]), year >= 1970
    else { return nil }
    let time = fields[4].split(separator: ":").compactMap { UInt8($0) }
    guard time.count == 3,
      let seconds = UTCTimestamp.seconds(
        year: year, month: month + 1, day: day, hour: Int(time[0]), minute: Int(time[1]), second: Int(time[2])
      )
    else { return nil }
    return .seconds(max(0, Double(seconds) - now))
  }
}
