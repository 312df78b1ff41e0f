// SPDX-License-Identifier: Apache-2.0

extension Duration {
  /// Parses a duration of Go: `1.5h`, `1m30s`, `100ms`, `250us`; a bare number is in nanoseconds. Returns nil for
  /// other text, and for more than 292 years.
  init?(goSyntax text: String) {
    if let nanoseconds = Int(text) {
      self = .nanoseconds(nanoseconds)
      return
    }
    let units: [Substring: Double] = [
      "ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]
    var rest = Substring(text)
    var total = 0.0
    while let part = rest.prefixMatch(of: /([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)/) {
      guard let number = Double(part.1), let unit = units[part.2] else { return nil }
      total += number * unit
      rest = rest[part.range.upperBound...]
    }
    guard !text.isEmpty, rest.isEmpty, total < Double(Int.max) else { return nil }
    self = .nanoseconds(Int(total))
  }
}
