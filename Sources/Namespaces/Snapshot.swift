// SPDX-License-Identifier: Apache-2.0

public import BPFKit
public import Containers
public import Exposition

/// All that is known after a poll; never changed, only replaced.
public struct Snapshot: Sendable {
  /// One series' part of a snapshot.
  public struct Namespace: Sendable {
    /// What names the series.
    public let labels: LabelSet
    /// What is in those labels, as it is called; at a level that does not tell them apart some are empty.
    public let names: Container.Names
    /// The namespace's number in those labels; nil at the levels that do not show it.
    public let inum: UInt32?
    /// The totals of all namespaces that it has stood for.
    public let events: Events
    /// Since which polls its lines are shown.
    public let births: Births
    /// When it began to count, in seconds since the epoch; nil where that is not known.
    public let start: Double?
    /// What the last walk met of them.
    public let tasks: TaskCounts
    /// Whether one of them still has a task; the series is retained otherwise.
    public let isLive: Bool
    /// What is true of the newest of them; nil where it may be of several, and where its init was not seen.
    public let about: About?
    /// The latest process of each kind of what is in the totals.
    public let exemplars: Exemplars

    /// Creates a series' part.
    public init(
      labels: LabelSet, names: Container.Names = .init(), inum: UInt32? = nil, events: Events,
      births: Births = Births(series: 0), start: Double? = nil,
      tasks: TaskCounts = .init(), isLive: Bool, about: About? = nil, exemplars: Exemplars = .init()
    ) {
      self.labels = labels
      self.names = names
      self.inum = inum
      self.events = events
      self.births = births
      self.start = start
      self.tasks = tasks
      self.isLive = isLive
      self.about = about
      self.exemplars = exemplars
    }
  }

  /// The number of the poll: that of the next good one is higher.
  public var number = 0
  /// The number of the poll that showed a line for the first time last: a scraper that was answered with this poll or a
  /// later one has seen all lines.
  public var newestBirth = 0
  /// The exposed series, in a stable order.
  public var namespaces: [Namespace] = []
  /// Live namespaces that are exposed.
  public var live = 0
  /// Live namespaces that have no container name yet.
  public var unresolved = 0
  /// The node's own totals, and what was dropped.
  public var node = NodeCounts()
  /// Namespaces that are not exposed, because there was no room when they were named.
  public var refused: UInt64 = 0
  /// Namespaces that are not exposed, because the flags leave them out.
  public var excluded: UInt64 = 0
  /// The kernel's maps.
  public var maps: [MapStatus] = []
  /// The kernel's programs.
  public var programs: [ProgramStatus] = []
  /// When the last walk over the tasks began, in seconds since the epoch, and how long it took.
  public var walk = (start: 0.0, duration: Duration.zero)
  /// When the machine started, in seconds since the epoch: the same at each poll, unless the clock was set.
  public var boot = 0.0
  /// When the poll ended, in seconds since the epoch.
  public var time = 0.0
  /// How long the poll took.
  public var duration = Duration.zero
  /// Why the poll failed; all else is then what the last good poll found.
  public var failure: BPFError?

  /// Creates what is known before the first poll: nothing.
  public init() {}
}
