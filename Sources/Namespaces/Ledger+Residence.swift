// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe

extension Ledger {
  mutating func record(_ name: Name, _ member: inout TrackedPart, _ part: NamespacePart) {
    member.record(name, whole: part.isOfInit ? nil : members[part.ofInit]?.whole)
    if !part.isOfInit {
      member.isInOwnContainer = members[part.ofInit]?.container.id == member.container.id
    }
    guard let level = member.identity?.level else { return }
    let id = member.container.id
    let residence = id.isEmpty ? nil : TrackedPart.Residence(container: id, level: level)
    guard residence != member.residence else { return }
    count(-1, member.residence)
    count(1, residence)
    member.residence = residence
  }

  mutating func count(_ change: Int, _ residence: TrackedPart.Residence?) {
    guard let residence else { return }
    var levels = containers[residence.container] ?? [:]
    let number = levels[residence.level, default: 0] + change
    levels[residence.level] = number > 0 ? number : nil
    containers[residence.container] = levels.isEmpty ? nil : levels
  }

  /// Whether a part is of a runtime's processes in the cgroup of a container, whose own are in a namespace inside.
  func isOfRuntime(_ member: TrackedPart) -> Bool {
    guard member.mayBeOfRuntime, let own = member.residence else { return false }
    return member.isOfRuntime || containers[own.container]?.keys.contains { $0 > own.level } ?? false
  }
}
