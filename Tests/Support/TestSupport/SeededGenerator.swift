// SPDX-License-Identifier: Apache-2.0

import Foundation

/// SplitMix64: reproducible random numbers, so that a failure can be run again.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// Returns a generator with a new seed, which it prints; `PIDNS_SEED=…` repeats a failed run.
  package static func printingSeed(_ test: String) -> SeededGenerator { SeededGenerator(seed: seed(test)) }

  /// Returns a new seed, which it prints; `PIDNS_SEED=…` repeats a failed run.
  package static func seed(_ test: String) -> UInt64 {
    let given = ProcessInfo.processInfo.environment["PIDNS_SEED"].flatMap(UInt64.init)
    let seed = given ?? UInt64.random(in: .min ... .max)
    print("\(test): PIDNS_SEED=\(seed)")
    return seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
