// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// A duration in Prometheus syntax: `500ms`, `1s`, `1m30s`, `2h`, `7d`, or a bare `0`.
struct PromDuration: ExpressibleByArgument, CustomStringConvertible {
  let duration: Duration

  /// In milliseconds. 292 years is the limit of 64-bit nanoseconds, and of Prometheus too. Clocks overflow a
  /// little above it.
  private static let longest = Int.max / 1_000_000

  private static let units: [(name: String, milliseconds: Int)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  init(_ duration: Duration) { self.duration = duration }

  /// Parses numbers with units, from the largest unit to the smallest. Returns nil for other text and for
  /// more than 292 years.
  init?(argument: String) {
    if argument == "0" {
      self.init(.zero)
      return
    }
    var total = 0
    var rest = Substring(argument)
    var units = Self.units[...]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(name.count)
      guard let number = Int(digits), let unit = units.firstIndex(where: { $0.name == name }) else {
        return nil
      }
      let (product, tooLarge) = number.multipliedReportingOverflow(by: units[unit].milliseconds)
      let (sum, overflow) = total.addingReportingOverflow(product)
      guard !tooLarge && !overflow && sum <= Self.longest else { return nil }
      total = sum
      units = units[(unit + 1)...]
    }
    guard !argument.isEmpty else { return nil }
    self.init(.milliseconds(total))
  }

  /// Parses a flag's value.
  ///
  /// - Throws: `ValidationError` with the correct syntax.
  static func parse(_ text: String) throws -> PromDuration {
    guard let duration = PromDuration(argument: text) else {
      throw ValidationError("write a duration such as 5s or 1m30s")
    }
    return duration
  }

  var description: String {
    var rest = Int(duration / .milliseconds(1))
    var text = ""
    for (name, milliseconds) in Self.units where rest >= milliseconds {
      text += "\(rest / milliseconds)\(name)"
      rest %= milliseconds
    }
    return text.isEmpty ? "0" : text
  }

  var defaultValueDescription: String { description }
}
