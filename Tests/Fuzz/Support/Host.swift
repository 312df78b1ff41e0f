// SPDX-License-Identifier: Apache-2.0

import Containers
import Platform
import Probe
import StatusPage

@testable import Exporter
@testable import Namespaces

/// What an exporter serves on a host whose containers have given names.
enum Host {
  /// Returns what is published after two polls, so that the status page has rates.
  static func rendered(_ names: [Container.Names]) -> PublishedSnapshot {
    var recorder = Recorder(showsTasks: true)
    _ = recorder.record(snapshot(names, number: 1))
    let snapshot = snapshot(names, number: 2)
    return PublishedSnapshot(
      snapshot,
      features: FeatureSet(collectors: Set(Collector.allCases), showsLifetimesPerNamespace: true),
      history: recorder.record(snapshot))
  }

  private static func snapshot(_ names: [Container.Names], number: Int) -> Snapshot {
    var snapshot = Snapshot()
    snapshot.number = number
    snapshot.newestBirth = number
    snapshot.time = 1_700_000_000 + Double(number)
    snapshot.series = names.enumerated().map { index, names in
      let events = EventCounts(ProcessCounts(execs: UInt64(index + number)))
      return Snapshot.Series(
        SeriesKey(names, inum: UInt32(index + 1), at: .pidns), events: events,
        births: Births(series: number), tasks: TaskCounts(processes: 2, threads: 3),
        isLive: index % 2 == 0)
    }
    snapshot.live = names.count
    snapshot.process = .read()
    return snapshot
  }
}
