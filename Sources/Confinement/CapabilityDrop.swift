// SPDX-License-Identifier: Apache-2.0

import CConfinement
import Glibc
import Platform

/// Drops the capabilities of the calling thread, and of those that it starts later.
struct CapabilityDrop {
  private var set = CConfinement_Capabilities()
  private let permitted: Capabilities
  /// The capabilities that remain.
  private(set) var needed: Capabilities

  /// Lowers all capabilities except those to keep, so that `keep` can test which others are needed. Clears the
  /// ambient set, and the bounding set if CAP_SETPCAP allows that.
  ///
  /// - Throws: `ConfinementError` if the kernel refuses.
  init(keeping kept: Capabilities) throws(ConfinementError) {
    try check("read the capabilities", unsafe CConfinement_get_capabilities(&set))
    permitted = Capabilities(rawValue: set.permitted)
    needed = kept.intersection(permitted)
    // Fails only on kernels that have no such set.
    _ = CConfinement_prctl(PR_CAP_AMBIENT, UInt(PR_CAP_AMBIENT_CLEAR_ALL))
    if Capabilities(rawValue: set.effective).contains(.setPCap) { try Self.dropBounding(keeping: kept) }
    set.inheritable = 0
    try setEffective(needed)
  }

  /// Keeps one of the capabilities if an operation fails without it. So the caller need not know which kernel or file
  /// requires it.
  ///
  /// - Parameters:
  ///   - capabilities: The first of them that the process has is tried.
  ///   - isPossible: Tries the operation. Returns false if it fails.
  mutating func keep(
    oneOf capabilities: [Capabilities], unless isPossible: () -> Bool
  ) throws(ConfinementError) {
    guard !isPossible(), let held = capabilities.first(where: { permitted.contains($0) }) else { return }
    try setEffective(needed.union(held))
    if isPossible() { needed.insert(held) } else { try setEffective(needed) }
  }

  /// Drops the lowered capabilities permanently.
  mutating func complete() throws(ConfinementError) {
    set.permitted = needed.rawValue
    try setEffective(needed)
  }

  private mutating func setEffective(_ effective: Capabilities) throws(ConfinementError) {
    set.effective = effective.rawValue
    try check("drop capabilities", unsafe CConfinement_set_capabilities(&set))
  }

  /// A child process cannot get a capability outside this set, even as root.
  private static func dropBounding(keeping kept: Capabilities) throws(ConfinementError) {
    for number in 0..<UInt(64) where !kept.contains(Capabilities(rawValue: 1 << UInt64(number))) {
      let result = CConfinement_prctl(PR_CAPBSET_DROP, number)
      // The kernel has no more capabilities.
      if result == -EINVAL { break }
      try check("drop capability \(number) from the bounding set", result)
    }
  }
}

/// A step of the confinement that the kernel refused, as a text for users.
struct ConfinementError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Throws for a negative errno.
func check(_ operation: @autoclosure () -> String, _ result: Int32) throws(ConfinementError) {
  if result < 0 { throw ConfinementError("cannot \(operation()): \(Errno.name(-result))") }
}
