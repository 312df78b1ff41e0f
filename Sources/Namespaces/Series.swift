// SPDX-License-Identifier: Apache-2.0

internal import BPFKit
internal import Containers
internal import Exposition

/// The totals of all namespaces that have followed one another, or are beside one another, under one label set.
struct Series {
  let labels: LabelSet
  var events = Events()
  /// The latest processes of what is in `events`.
  var exemplars = Exemplars()
  /// Namespaces that make it up and have not ended.
  var liveMembers = 0
  /// When the last of them ended, or was given another name; nil while there is one.
  var endedAt: ContinuousClock.Instant?
  /// Namespaces that have ever made it up.
  private var joined = 0
  /// The one that joined last.
  private(set) var newest: PIDNamespace?
  /// What is true of it; nil where the series may stand for several, and once that one has another name.
  var about: Snapshot.About?

  init(labels: LabelSet, endedAt: ContinuousClock.Instant) {
    self.labels = labels
    self.endedAt = endedAt
  }

  /// Whether all that is in it is of one namespace.
  func isOnly(of namespace: PIDNamespace) -> Bool { joined == 1 && newest == namespace }

  /// Takes in a namespace, with what has happened in it.
  mutating func join(_ namespace: PIDNamespace, with events: Events, _ exemplars: Exemplars, isLive: Bool) {
    self.events += events
    self.exemplars.take(exemplars)
    joined += 1
    newest = namespace
    guard isLive else { return }
    liveMembers += 1
    endedAt = nil
  }

  /// Takes in all of another series, of one namespace.
  mutating func join(_ other: Series) {
    guard let namespace = other.newest else { return }
    join(namespace, with: other.events, other.exemplars, isLive: other.liveMembers > 0)
  }
}
