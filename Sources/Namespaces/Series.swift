// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Probe

/// The totals of all namespaces with one label set, at the same time or one after another.
struct Series {
  let labels: LabelSet
  private(set) var events = EventCounts()
  /// Since which polls its lines are shown.
  private(set) var births: Births
  /// When it began to count, in seconds since the epoch: no event in it is older.
  let start: Double
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
  /// Its description; nil if the series may contain several, and after that one got another name.
  var about: Snapshot.About?

  /// Begins without a namespace.
  ///
  /// - Parameters:
  ///   - born: The number of the poll that shows it first.
  ///   - start: When it began to count, in seconds since the epoch.
  init(labels: LabelSet, born: Int, start: Double, endedAt: ContinuousClock.Instant) {
    self.labels = labels
    births = Births(series: born)
    self.start = start
    self.endedAt = endedAt
  }

  /// Adds what happened.
  mutating func add(_ increase: EventCounts, at poll: Int) {
    for detail in increase.details.keys where events.details[detail] == nil { births.add(detail, at: poll) }
    events += increase
  }

  /// Whether all that is in it is of one namespace.
  func isOnly(of namespace: PIDNamespace) -> Bool { joined == 1 && newest == namespace }

  /// Adds a namespace with its events.
  mutating func join(
    _ namespace: PIDNamespace, with events: EventCounts, _ exemplars: Exemplars, isLive: Bool, at poll: Int,
    _ now: ContinuousClock.Instant
  ) {
    add(events, at: poll)
    self.exemplars.merge(exemplars)
    joined += 1
    newest = namespace
    if isLive {
      liveMembers += 1
      endedAt = nil
    } else if liveMembers == 0 {
      // Its events have to be scraped: the retention starts again.
      endedAt = now
    }
  }

  /// Adds all of another series, of one namespace.
  mutating func join(_ other: Series, at poll: Int, _ now: ContinuousClock.Instant) {
    guard let namespace = other.newest else { return }
    join(namespace, with: other.events, other.exemplars, isLive: other.liveMembers > 0, at: poll, now)
  }
}
