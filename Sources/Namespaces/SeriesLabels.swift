// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition

/// The labels that distinguish series.
package enum LabelLevel: String, CaseIterable, Sendable {
  /// All pods of a Kubernetes namespace are one series.
  case namespace
  /// All containers of a pod are.
  case pod
  /// All that is called alike is, however often it is started.
  case container
  /// Each inum has its own.
  case pidns
}

/// How namespaces become series.
package struct SeriesLabels: Sendable {
  /// The labels that distinguish series.
  package let level: LabelLevel
  /// How long a namespace is held back while its name is not known.
  package let grace: Duration
  /// Which ones are shown.
  package let selection: LabelFilter

  /// Sets rules.
  package init(
    level: LabelLevel = .pidns, grace: Duration = .seconds(5), selection: LabelFilter = LabelFilter()
  ) {
    self.level = level
    self.grace = grace
    self.selection = selection
  }
}

/// Names a series: the part of a namespace's names that a level keeps.
struct SeriesKey: Hashable, Comparable {
  let names: Container.Names
  /// nil at the levels that do not show it.
  let inum: UInt32?

  init(_ names: Container.Names, inum: UInt32, at level: LabelLevel) {
    self.inum = level == .pidns ? inum : nil
    self.names =
      switch level {
      case .pidns, .container: names
      case .pod: Container.Names(namespace: names.namespace, pod: names.pod)
      case .namespace: Container.Names(namespace: names.namespace)
      }
  }

  static func < (left: Self, right: Self) -> Bool {
    (left.inum ?? 0, left.names) < (right.inum ?? 0, right.names)
  }

  /// Three labels are there at every level: a series that lacks one would inherit that of the exporter's own pod.
  var labels: LabelSet {
    guard let inum else {
      return LabelSet(["namespace": names.namespace, "pod": names.pod, "container": names.container])
    }
    return LabelSet([
      "pidns": String(inum), "namespace": names.namespace, "pod": names.pod, "container": names.container,
    ])
  }
}
