// SPDX-License-Identifier: Apache-2.0

/// The wall-clock time of the machine's boot. Add it to the kernel's times since boot.
///
/// The two clocks are read one after the other, so each measurement differs by nanoseconds. The value changes
/// only if a measurement differs by more than the tolerance, which means that the wall clock was set.
package struct BootEpoch: Sendable {
  /// Nanoseconds since the epoch.
  package private(set) var nanoseconds: Int64
  private let tolerance: Int64

  /// Seconds since the epoch.
  package var seconds: Double { Double(nanoseconds) / 1e9 }

  /// Creates a value from a first measurement.
  ///
  /// - Parameters:
  ///   - tolerance: The difference up to which a measurement is ignored.
  ///   - measured: Nanoseconds since the epoch.
  package init(tolerance: Duration = .seconds(1), measured: Int64 = Clock.bootNanoseconds) {
    self.tolerance = Int64(tolerance / .nanoseconds(1))
    nanoseconds = measured
  }

  /// Replaces the value if a measurement differs by more than the tolerance.
  package mutating func update(measured: Int64 = Clock.bootNanoseconds) {
    if abs(measured - nanoseconds) > tolerance { nanoseconds = measured }
  }
}
