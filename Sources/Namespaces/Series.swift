// SPDX-License-Identifier: Apache-2.0

internal import BPFKit
internal import Exposition

/// The totals of all namespaces that have followed one another under one label set.
struct Series {
  let inum: UInt32
  let labels: LabelSet
  var events = Events()
  /// Namespaces that make it up and have not ended: one at the most, but for the moment of a change.
  var liveMembers = 0
  /// When the last of them ended; nil while there is one.
  var endedAt: ContinuousClock.Instant?

  init(inum: UInt32) {
    self.inum = inum
    labels = LabelSet(["pidns": String(inum), "namespace": "", "pod": "", "container": ""])
  }
}
