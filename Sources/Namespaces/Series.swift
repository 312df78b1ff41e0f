// SPDX-License-Identifier: Apache-2.0

internal import BPFKit
internal import Containers
internal import Exposition

/// The totals of all namespaces that have followed one another, or are beside one another, under one label set.
struct Series {
  let labels: LabelSet
  var events = Events()
  /// Namespaces that make it up and have not ended.
  var liveMembers = 0
  /// When the last of them ended, or was given another name; nil while there is one.
  var endedAt: ContinuousClock.Instant?
  /// The namespace that joined last.
  var newest: PIDNamespace?
  /// What is true of it; nil where the series may stand for several, and once that one has another name.
  var about: Snapshot.About?

  init(labels: LabelSet, endedAt: ContinuousClock.Instant) {
    self.labels = labels
    self.endedAt = endedAt
  }
}
