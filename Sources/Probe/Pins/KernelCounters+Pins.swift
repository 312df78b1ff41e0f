// SPDX-License-Identifier: Apache-2.0

package import LibBPF

extension KernelCounters {
  /// Identifies the counts and the time of their start.
  package struct Origin: Sendable {
    /// The number of the map of counts, which no other map gets until the next boot.
    package let map: UInt32
    /// When the programs were loaded, in nanoseconds since boot. They have counted since soon after.
    package let loaded: UInt64
    /// Whether an earlier process has loaded them.
    package let isInherited: Bool
  }

  /// Reads where the counts come from. Two system calls.
  package func origin() throws(BPFError) -> Origin {
    Origin(
      map: try counts.map.id(), loaded: try loaded.information(of: loaded.plan.required[0]).loaded,
      isInherited: loaded.isInherited)
  }
}
