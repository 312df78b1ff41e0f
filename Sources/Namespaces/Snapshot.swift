// SPDX-License-Identifier: Apache-2.0

package import Containers
package import LibBPF
package import Platform
package import Probe

/// All that pages show, as of the end of a poll; never changed once it is published, only replaced.
package struct Snapshot: Sendable {
  /// One series' part of a snapshot. An object, as it is half a kilobyte, and each line of a page looks at it.
  package final class Series: Sendable {
    /// What names the series.
    package let key: SeriesKey
    /// The totals of all namespaces that it has stood for.
    package let events: EventCounts
    /// Since which polls its lines are shown.
    package let births: Births
    /// When it began to count, in seconds since the epoch; nil where that is not known.
    package let start: Double?
    /// Their tasks in the last scan.
    package let tasks: TaskCounts
    /// Whether one of them still has a task; the series is retained otherwise.
    package let isLive: Bool
    /// Describes the newest of them; nil if there may be several, and if its init was not seen.
    package let about: About?
    /// The latest process of each kind in the totals.
    package let exemplars: Exemplars
    /// Starts of its unit after the first poll.
    package let starts: UInt64

    package init(
      _ key: SeriesKey, events: EventCounts, births: Births = Births(series: 0), start: Double? = nil,
      tasks: TaskCounts = .init(), isLive: Bool, about: About? = nil, exemplars: Exemplars = .init(),
      starts: UInt64 = 0
    ) {
      self.key = key
      self.events = events
      self.births = births
      self.start = start
      self.tasks = tasks
      self.isLive = isLive
      self.about = about
      self.exemplars = exemplars
      self.starts = starts
    }
  }

  /// The number of the poll: that of the next good one is higher. 0 before the first good one.
  package var number = 0
  /// The number of the poll that showed a line for the first time last: a scraper that was answered with this poll or a
  /// later one has seen all lines.
  package var newestBirth = 0
  /// The exposed series, in a stable order.
  package var series: [Series] = []
  /// Live namespaces that are exposed.
  package var live = 0
  /// Live namespaces that have no container name yet.
  package var unresolved = 0
  /// The node's own totals, and what was dropped.
  package var node = NodeCounts()
  /// Namespaces that are not exposed, because there was no room when they were named.
  package var refused: UInt64 = 0
  /// Namespaces that are not exposed, because the flags exclude them.
  package var excluded: UInt64 = 0
  /// The kernel's maps.
  package var maps: [MapStatus] = []
  /// The kernel's programs.
  package var programs: [ProgramStatus] = []
  /// When the last walk over the tasks began, in seconds since the epoch, and how long it took.
  package var walk = (start: 0.0, duration: Duration.zero)
  /// When the machine started, in seconds since the epoch: what times since boot are added to. The same at each poll,
  /// unless the clock was set.
  package var boot = 0.0
  /// When counting began, in seconds since the epoch.
  package var start = 0.0
  /// When the poll ended, in seconds since the epoch.
  package var time = 0.0
  /// How long the poll took.
  package var duration = Duration.zero
  /// Why the poll failed; the other fields are then those of the last good poll.
  package var failure: BPFError?
  /// What the exporter's process uses.
  package var process = ProcessStatus()
  /// The watch of the node's pods; nil where there is none.
  package var podWatch: PodWatchStatus?
  /// Changes of the layout of pinned programs and maps.
  package var handovers = Ledger.Handovers()
  /// The file of the state; nil where there is none.
  package var state: StateStatus?
  /// The scrapers that the exporter remembers.
  package var scrapers = ScraperCounts()

  /// Creates the empty snapshot before the first poll.
  package init() {}
}
