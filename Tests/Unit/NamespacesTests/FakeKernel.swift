// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe

@testable import Namespaces

/// A ledger with the clock, the kernel's maps and the names that a poller would pass to it.
struct FakeKernel {
  var ledger: Ledger
  var map: [PIDNamespace: EventCounts] = [:]
  var identities: [PIDNamespace: NamespaceIdentity] = [:]
  var tasks: [PIDNamespace: TaskCounts] = [:]
  /// The changes at the next poll.
  var exemplars: [PIDNamespace: [ProcessExemplar]] = [:]
  /// Parts beside those of the inits, their tasks, and their cgroups.
  var parts: [NamespacePart: EventCounts] = [:]
  var partTasks: [NamespacePart: TaskCounts] = [:]
  var cgroups: [UInt64: PartCgroup] = [:]
  /// The tasks at the last scan, and the map at the last reading.
  private var scanned: [NamespacePart: TaskCounts] = [:]
  private var read: [NamespacePart: EventCounts] = [:]
  private var readIdentities: [PIDNamespace: NamespaceIdentity] = [:]
  private var readCgroups: [UInt64: PartCgroup] = [:]
  /// Whether each reading has all that is in the map, changed or not.
  var readsAll = true
  /// Containers by the path of their cgroup. A path without one is final: no name will be found.
  var containers: [String: ContainerResolver.Resolution] = [:]
  var namesVersion: UInt64 = 0
  var now = ContinuousClock.now
  var epoch = 1000.0
  /// The duration of a poll's reads, in seconds.
  var pollDuration = 0.0
  /// When the machine started, by the clocks.
  var boot: Int64 = 500_000_000_000

  init(
    series: Int = 100, retention: Duration? = .seconds(300),
    labelling: SeriesLabels = SeriesLabels(grace: .zero)
  ) {
    ledger = Ledger(
      limits: .init(series: series, retention: retention), labelling: labelling, boot: boot)
  }

  /// Polls a second later, deletes finished namespaces like the poller, and returns them.
  @discardableResult
  mutating func poll(walking: Bool = true, deleting: Bool = true) -> [PIDNamespace] {
    now += .seconds(1)
    epoch += 1
    let reading = reading()
    exemplars = [:]
    let found = Self.parts(tasks).merging(partTasks) { $1 }
    let changes = walking ? TaskChange.changes(from: scanned, to: found) : nil
    if walking { scanned = found }
    let containers = containers
    var moment = Ledger.Moment(now, epoch: epoch, boot: boot)
    moment.readEnd = epoch + pollDuration
    let finished = ledger.ingest(
      tasks: changes, reading, at: moment,
      namesVersion: namesVersion
    ) { identity, cgroup, _ in
      let paths = cgroup?.paths.prefix(1) ?? identity.cgroupPaths[...]
      return paths.lazy.compactMap { containers[$0] }.first
        ?? ContainerResolver.Resolution(Container(), .final)
    }
    if deleting {
      for part in finished {
        parts[part] = nil
        guard part.isOfInit else { continue }
        map[part.namespace] = nil
        identities[part.namespace] = nil
      }
    }
    return finished.filter(\.isOfInit).map(\.namespace)
  }

  /// Goes on with the ledger of another process, which has scanned and read nothing yet.
  mutating func restart(with ledger: Ledger) {
    self.ledger = ledger
    (scanned, read, readIdentities, readCgroups) = ([:], [:], [:], [:])
  }

  private mutating func reading() -> KernelCounters.Reading {
    var reading = KernelCounters.Reading()
    let events = Self.parts(map).merging(parts) { $1 }
    for (part, counts) in events {
      reading.add(part, counts, isChanged: readsAll || read[part] != counts)
    }
    reading.identities = identities
    reading.newIdentities = identities.filter { readsAll || readIdentities[$0] != $1 }
    reading.cgroups = cgroups
    reading.hasNewCgroups = readsAll || cgroups != readCgroups
    reading.exemplars = exemplars.flatMap { namespace, processes in
      processes.map { (NamespacePart(namespace), $0) }
    }
    (read, readIdentities, readCgroups) = (events, identities, cgroups)
    return reading
  }

  private static func parts<Value>(_ namespaces: [PIDNamespace: Value]) -> [NamespacePart: Value] {
    Dictionary(uniqueKeysWithValues: namespaces.map { (NamespacePart($0), $1) })
  }

  /// Polls until the end of a namespace is detected: two scans that do not find it.
  @discardableResult
  mutating func settle() -> [PIDNamespace] {
    poll()
    return poll()
  }

  mutating func begin(_ namespace: PIDNamespace, execs: UInt64 = 0) {
    tasks[namespace] = TaskCounts(processes: 1, threads: 1)
    if execs > 0 { map[namespace] = EventCounts(ProcessCounts(execs: execs)) }
  }

  mutating func end(_ namespace: PIDNamespace) { tasks[namespace] = nil }

  mutating func series(_ inum: UInt32, _ names: Container.Names = .init()) -> Snapshot.Series? {
    let key = Self.key(inum, names)
    return ledger.snapshot().first { $0.key == key }
  }

  /// When the init of a series' namespace began, in seconds since the epoch.
  mutating func start(_ inum: UInt32, _ names: Container.Names = .init()) -> Double? {
    series(inum, names)?.about.map { ledger.boot + $0.startSinceBoot }
  }

  /// When a series' namespace ended, in seconds since the epoch.
  mutating func end(_ inum: UInt32, _ names: Container.Names = .init()) -> Double? {
    series(inum, names)?.about?.endSinceBoot.map { ledger.boot + $0 }
  }

  static func key(_ inum: UInt32, _ names: Container.Names = .init()) -> SeriesKey {
    SeriesKey(names, inum: inum, at: .pidns)
  }
}

extension TaskChange {
  /// The differences between two scans, each of which has met the tasks of a part at one place.
  static func changes(
    from before: [NamespacePart: TaskCounts], to found: [NamespacePart: TaskCounts]
  ) -> [NamespacePart: TaskChange] {
    var changes: [NamespacePart: TaskChange] = [:]
    for (part, tasks) in before { changes[part, default: TaskChange()].subtract(tasks) }
    for (part, tasks) in found { changes[part, default: TaskChange()].add(tasks) }
    return changes.filter { $0.value != TaskChange() }
  }
}
