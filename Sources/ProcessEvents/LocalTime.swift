// SPDX-License-Identifier: Apache-2.0

import Platform

/// Formats local times with milliseconds, `09:05:01.042`, comparable with `date` and `journalctl`.
struct LocalTime: Sendable {
  private var second: Int?
  private var beginning = ""

  /// Returns the time as twelve characters.
  mutating func text(of time: WallTime) -> String {
    if second != time.seconds {
      second = time.seconds
      let (hour, minute, second) = Clock.local(epochSeconds: time.seconds)
      beginning = [hour, minute, second].map { Self.padded($0, 2) }.joined(separator: ":")
    }
    return beginning + "." + Self.padded(min(max(0, time.nanoseconds / 1_000_000), 999), 3)
  }

  private static func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}

extension UInt64 {
  /// Nanoseconds as a short duration: `340ms`, `1.2s`, `3m20s`, `3d4h`.
  var asLifetime: String {
    let seconds = self / 1_000_000_000
    switch seconds {
    case 0 where self < 1_000_000: return "\(self / 1000)µs"
    case 0: return "\(self / 1_000_000)ms"
    case ..<60: return "\(seconds).\(self / 100_000_000 % 10)s"
    case ..<3600: return "\(seconds / 60)m\(seconds % 60)s"
    case ..<86_400: return "\(seconds / 3600)h\(seconds / 60 % 60)m"
    default: return "\(seconds / 86_400)d\(seconds / 3600 % 24)h"
    }
  }
}
