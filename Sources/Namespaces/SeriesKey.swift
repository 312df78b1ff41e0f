// SPDX-License-Identifier: Apache-2.0

package import Containers

/// Names a series: the part of a namespace's names that a level keeps.
package struct SeriesKey: Hashable, Comparable, Sendable {
  /// Some are empty at the levels that do not show them.
  package let names: Container.Names
  /// The namespace's number; nil at the levels that do not show it.
  package let inum: UInt32?

  /// Names the series of a namespace.
  package init(_ names: Container.Names, inum: UInt32, at level: LabelLevel) {
    self.inum = level == .pidns ? inum : nil
    self.names =
      switch level {
      case .pidns, .container: names
      case .pod: Container.Names(namespace: names.namespace, pod: names.pod)
      case .namespace: Container.Names(namespace: names.namespace)
      }
  }

  init(_ names: Container.Names, inum: UInt32?) {
    self.names = names
    self.inum = inum
  }

  /// Skips empty names: most are.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(inum)
    if !names.namespace.isEmpty { hasher.combine(names.namespace) }
    if !names.pod.isEmpty { hasher.combine(names.pod) }
    if !names.container.isEmpty { hasher.combine(names.container) }
    if !names.unit.isEmpty { hasher.combine(names.unit) }
  }

  /// Orders by number, then by names: the order of a snapshot.
  package static func < (left: Self, right: Self) -> Bool {
    let (first, second) = (left.inum ?? 0, right.inum ?? 0)
    return first == second ? left.names < right.names : first < second
  }
}
