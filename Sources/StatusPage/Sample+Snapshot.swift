// SPDX-License-Identifier: Apache-2.0

import Containers
package import LiveView
package import Namespaces
import Platform
import Probe

extension Sample {
  /// Creates the sample of a poll, from which rates are computed.
  ///
  /// - Parameter showsTasks: Whether tasks are counted.
  /// - Complexity: O(series).
  package init(_ snapshot: Snapshot, showsTasks: Bool) {
    self.init(ofNode: snapshot)
    namespaces.reserveCapacity(snapshot.series.count)
    for series in snapshot.series {
      namespaces[Identity(series.key)] = Entry(series, in: snapshot, showsTasks: showsTasks)
      if !series.isLive { retained += 1 }
    }
  }

  /// Creates the sample of a poll without its namespaces.
  init(ofNode snapshot: Snapshot) {
    self.init()
    node = Events(snapshot.node.total)
    live = Double(snapshot.live)
    time = snapshot.time
    exporterStart = snapshot.process.startTime
    isUp = snapshot.failure == nil
  }
}

extension Sample.Identity {
  init(_ key: SeriesKey) {
    self.init(
      pidns: key.inum.map { String($0) } ?? "", namespace: key.names.namespace, pod: key.names.pod,
      container: key.names.container, unit: key.names.unit)
  }
}

extension Sample.Entry {
  init(_ series: Snapshot.Series, in snapshot: Snapshot, showsTasks: Bool) {
    self.init()
    events = Sample.Events(series.events)
    if showsTasks {
      processes = Double(series.tasks.processes)
      threads = Double(series.tasks.threads)
      zombies = Double(series.tasks.zombies)
    }
    start = series.about.map { snapshot.boot + $0.startSinceBoot }
    let end = series.about?.endSinceBoot.map { snapshot.boot + $0 }
    self.end = series.isLive ? nil : end ?? snapshot.time
    initComm = series.about?.identity.initComm ?? ""
    isHost = series.about?.isHost ?? false
  }
}

extension Sample.Events {
  init(_ events: EventCounts) {
    self.init(
      execs: Double(events.counts.execs), exits: Double(events.exits.total),
      failures: Double(events.exits.byReason[.error] &+ events.exits.byReason[.signaled]))
  }
}
