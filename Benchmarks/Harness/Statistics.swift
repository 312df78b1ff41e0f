// SPDX-License-Identifier: Apache-2.0

extension Collection<Double> {
  /// The median; NaN for an empty array.
  var median: Double { quantile(0.5) }

  /// Returns a quantile with linear interpolation; NaN for an empty array.
  func quantile(_ share: Double) -> Double {
    let sorted = sorted()
    guard let last = sorted.last else { return .nan }
    let position = share * Double(sorted.count - 1)
    let below = Int(position)
    guard below + 1 < sorted.count else { return last }
    return sorted[below] + (sorted[below + 1] - sorted[below]) * (position - Double(below))
  }
}

extension Double {
  /// Returns the number with this many decimals; `-` for NaN.
  func fixed(_ decimals: Int) -> String {
    guard isFinite else { return "-" }
    let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
    let digits = String(Int((magnitude * scale).rounded()))
    let padded = String(repeating: "0", count: Swift.max(0, decimals + 1 - digits.count)) + digits
    let sign = self < 0 && digits.contains { $0 != "0" } ? "-" : ""
    return sign + padded.dropLast(decimals) + (decimals > 0 ? "." + padded.suffix(decimals) : "")
  }
}

extension Duration {
  var milliseconds: Double { self / .milliseconds(1) }
  var microseconds: Double { self / .microseconds(1) }
}

extension Collection<Double> {
  /// The mean of the slices between the eighth and the third of eight parts in order: what others on the machine disturbed
  /// least. Others make a slice longer, never shorter.
  var quiet: Double {
    let sorted = sorted()
    let part = sorted[sorted.count / 8..<Swift.max(sorted.count / 8 + 1, sorted.count * 3 / 8)]
    return part.reduce(0, +) / Double(part.count)
  }
}

/// The ratio of two quiet values, and the interval in which 95 of 100 repetitions lie (bootstrap).
struct QuietRatio {
  let value: Double
  let least: Double
  let most: Double

  init(of slices: [Double], to base: [Double]) {
    guard !slices.isEmpty, !base.isEmpty else {
      (value, least, most) = (.nan, .nan, .nan)
      return
    }
    value = slices.quiet / base.quiet
    let repeated = (0..<1000).map { _ in
      slices.map { _ in slices.randomElement() ?? 0 }.quiet
        / base.map { _ in base.randomElement() ?? 0 }.quiet
    }
    least = repeated.quantile(0.025)
    most = repeated.quantile(0.975)
  }
}
