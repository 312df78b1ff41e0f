// SPDX-License-Identifier: Apache-2.0

package import Containers
package import LibBPF
package import Platform
package import Probe

/// All values of the pages, as of the end of a poll. Immutable once it is published; the next one replaces it.
package struct Snapshot: Sendable {
  /// A series in a snapshot. An object, because it is half a kilobyte and each line of a page reads it. Immutable once a
  /// snapshot has it: the ledger changes only objects that nothing else holds, and copies others.
  ///
  /// Successive snapshots share the object (`===`) of a series of which nothing has changed: not its key, and no value. So a
  /// page can copy the lines of the same object from the page before. Hold the object, as its address is reused.
  package final class Series: @unchecked Sendable {
    /// The labels of the series.
    package let key: SeriesKey
    /// The totals of all its namespaces, past and present.
    package internal(set) var events: EventCounts
    /// The polls that first showed its lines.
    package internal(set) var births: Births
    /// When it began to count, in seconds since the epoch; nil if unknown.
    package let start: Double?
    /// Their tasks in the last scan.
    package internal(set) var tasks: TaskCounts
    /// Whether one of them still has a task; otherwise the series is retained.
    package internal(set) var isLive: Bool
    /// Describes the newest of them; nil if there may be several, or if its init was not seen.
    package internal(set) var about: About?
    /// The latest process of each kind in the totals.
    package internal(set) var exemplars: Exemplars
    /// Starts of its unit after the first poll.
    package internal(set) var starts: UInt64

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

    func copy() -> Series {
      Series(
        key, events: events, births: births, start: start, tasks: tasks, isLive: isLive, about: about,
        exemplars: exemplars, starts: starts)
    }
  }

  /// The number of the poll; it increases with each successful poll. 0 before the first one.
  package var number = 0
  /// The poll in which the newest line appeared. A scraper that was sent this poll or a later one has seen all lines.
  package var newestBirth = 0
  /// The exposed series, in a stable order.
  package var series: [Series] = []
  /// Live namespaces that are exposed.
  package var live = 0
  /// Live namespaces, and parts with a container, that have no container name yet.
  package var unresolved = 0
  /// The node's own totals, and the dropped events.
  package var node = NodeCounts()
  /// Namespaces that are not exposed, because there was no room when they were named.
  package var refused: UInt64 = 0
  /// Namespaces that are not exposed, because the flags exclude them.
  package var excluded: UInt64 = 0
  /// The kernel's maps.
  package var maps: [MapStatus] = []
  /// The kernel's programs.
  package var programs: [ProgramStatus] = []
  /// When the last task scan began, in seconds since the epoch, and its duration.
  package var taskScan = (start: 0.0, duration: Duration.zero)
  /// When the machine started, in seconds since the epoch; the base of times since boot. The same at each poll, unless
  /// the clock was set.
  package var boot = 0.0
  /// When counting began, in seconds since the epoch.
  package var start = 0.0
  /// When the poll ended, in seconds since the epoch.
  package var time = 0.0
  /// The duration of the poll.
  package var duration = Duration.zero
  /// Why the poll failed; then the other fields are from the last successful poll.
  package var failure: BPFError?
  /// The resource usage of the exporter's process.
  package var process = ProcessStatus()
  /// The status of the pod watch; nil without one.
  package var podWatch: PodWatchStatus?
  /// Changes of the layout of pinned programs and maps.
  package var handovers = Ledger.Handovers()
  /// The file of the state; nil where there is none.
  package var state: StateStatus?
  /// Whether the BPF programs count, as far as is known.
  package var isCounting = true
  /// Whether pins are missing, so that counting would end with the process; nil without pins.
  package var lacksPins: Bool?
  /// The number of each disturbance since the start of the exporter.
  package var disturbances: [Disturbance: UInt64] = [:]
  /// The scrapers that the exporter remembers.
  package var scrapers = ScraperCounts()

  /// Creates the empty snapshot before the first poll.
  package init() {}
}
