// SPDX-License-Identifier: Apache-2.0

import Containers
import LibBPF
import Platform
import Probe

@testable import LiveView
@testable import StatusPage
@testable import Namespaces

/// Snapshots of polls, without a kernel.
struct Polls {
  private static let process = ProcessStatus.read()
  /// When the exporter started: whole seconds, so that the differences of two times are exact.
  private static let start = process.startTime.rounded()
  /// Seconds since the exporter started.
  var time = 100.0
  var namespaces: [Snapshot.Series] = []
  var node = EventCounts()
  var failure: BPFError?
  var change: (inout Snapshot) -> Void = { _ in }

  /// A namespace with a number of execs, each of whose processes has failed.
  static func namespace(
    _ inum: UInt32, _ container: String = "", pod: String = "", execs: UInt64, failures: UInt64 = 0,
    zombies: UInt64 = 0, isLive: Bool = true, initComm: String = "sh", start: Double = 0
  ) -> Snapshot.Series {
    let names = Container.Names(namespace: pod.isEmpty ? "" : "shop", pod: pod, container: container)
    var events = EventCounts(ProcessCounts(execs: execs))
    events.exits.byReason[.signaled] = failures
    return Snapshot.Series(
      SeriesKey(names, inum: inum, at: .pidns), events: events,
      tasks: TaskCounts(processes: isLive ? 2 : 0, threads: isLive ? 3 : 0, zombies: zombies), isLive: isLive,
      about: Snapshot.About(
        NamespaceIdentity(initComm: initComm, initStart: UInt64((Self.start + start) * 1e9)),
        Container()))
  }

  var snapshot: Snapshot {
    var snapshot = Snapshot()
    snapshot.time = Self.start + time
    snapshot.series = namespaces
    snapshot.live = namespaces.count { $0.isLive }
    snapshot.node.total = node
    snapshot.failure = failure
    change(&snapshot)
    snapshot.process = Self.process
    return snapshot
  }
}

extension StatusHistory {
  /// The row of a namespace.
  subscript(pidns: String) -> Row? { rows().first { $0.identity.pidns == pidns } }

  /// Its steps; nil if it has no row.
  func steps(_ pidns: String) -> [Step]? { self[pidns].map { sparklines()($0.identity) } }

  /// Its events in each step.
  func execs(_ pidns: String) -> [Float]? { steps(pidns)?.map(\.execs) }
}
