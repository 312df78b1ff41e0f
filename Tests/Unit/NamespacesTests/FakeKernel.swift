// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Probe

@testable import Namespaces

/// A ledger, and the clock, the kernel's maps and the names as a poller would bring them to it.
struct FakeKernel {
  var ledger: Ledger
  var map: [PIDNamespace: EventCounts] = [:]
  var identities: [PIDNamespace: NamespaceIdentity] = [:]
  var tasks: [PIDNamespace: TaskCounts] = [:]
  /// What is new at the next poll.
  var exemplars: [PIDNamespace: [ProcessExemplar]] = [:]
  /// Containers by the path of their cgroup; of a path that has none nothing more will be known.
  var containers: [String: ContainerResolver.Answer] = [:]
  var namesVersion: UInt64 = 0
  var now = ContinuousClock.now
  var epoch = 1000.0
  /// Seconds for which a poll reads.
  var pollDuration = 0.0
  /// When the machine started, as the clocks have it.
  var boot: Int64 = 500_000_000_000

  init(
    series: Int = 100, retention: Duration? = .seconds(300),
    labelling: SeriesLabels = SeriesLabels(grace: .zero)
  ) {
    ledger = Ledger(
      limits: .init(series: series, retention: retention), labelling: labelling, boot: boot)
  }

  /// Polls a second later, and deletes what has finished, as the poller does.
  @discardableResult
  mutating func poll(walking: Bool = true, deleting: Bool = true) -> [PIDNamespace] {
    now += .seconds(1)
    epoch += 1
    var reading = KernelCounters.Reading()
    reading.events = map
    reading.identities = identities
    reading.exemplars = exemplars
    exemplars = [:]
    let containers = containers
    var moment = Ledger.Moment(now, epoch: epoch, boot: boot)
    moment.readEnd = epoch + pollDuration
    let finished = ledger.ingest(
      tasks: walking ? tasks : nil, reading, at: moment,
      namesVersion: namesVersion
    ) { containers[$0.cgroupPath] ?? ContainerResolver.Answer(Container(), .final) }
    if deleting {
      for namespace in finished {
        map[namespace] = nil
        identities[namespace] = nil
      }
    }
    return finished
  }

  /// Polls until what has ended is known to have: two walks that miss it.
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

  mutating func series(_ inum: UInt32, _ names: Container.Names = .init()) -> Snapshot.Namespace? {
    let labels = Self.labels(inum, names)
    return ledger.snapshot().first { $0.labels == labels }
  }

  static func labels(_ inum: UInt32, _ names: Container.Names = .init()) -> LabelSet {
    LabelSet([
      "pidns": String(inum), "namespace": names.namespace, "pod": names.pod, "container": names.container,
    ])
  }
}
