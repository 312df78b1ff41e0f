// SPDX-License-Identifier: Apache-2.0

/// When the machine started, by its wall clock: what the kernel's times since boot are added to.
///
/// Two clocks that are read one after the other never agree to the nanosecond, so no two measurements are equal. The
/// value changes only when a measurement is off by more than the tolerance: the wall clock was set.
package struct BootEpoch: Sendable {
  /// Nanoseconds since the epoch.
  package private(set) var nanoseconds: Int64
  private let tolerance: Int64

  /// Seconds since the epoch.
  package var seconds: Double { Double(nanoseconds) / 1e9 }

  /// Creates one with a first measurement.
  package init(tolerance: Duration = .seconds(1), measured: Int64 = Clock.bootNanoseconds) {
    self.tolerance = Int64(tolerance / .nanoseconds(1))
    nanoseconds = measured
  }

  /// Takes over a measurement that is off by more than the tolerance.
  package mutating func update(measured: Int64 = Clock.bootNanoseconds) {
    if abs(measured - nanoseconds) > tolerance { nanoseconds = measured }
  }
}
