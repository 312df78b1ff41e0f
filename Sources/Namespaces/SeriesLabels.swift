// SPDX-License-Identifier: Apache-2.0

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
