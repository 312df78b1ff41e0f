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
    self.init()
    namespaces.reserveCapacity(snapshot.series.count)
    for series in snapshot.series {
      let identity = Identity(
        pidns: series.key.inum.map { String($0) } ?? "", namespace: series.key.names.namespace,
        pod: series.key.names.pod, container: series.key.names.container, unit: series.key.names.unit)
      var entry = Entry()
      entry.events = Events(series.events)
      if showsTasks {
        entry.processes = Double(series.tasks.processes)
        entry.threads = Double(series.tasks.threads)
        entry.zombies = Double(series.tasks.zombies)
      }
      entry.start = series.about.map { snapshot.boot + $0.startSinceBoot }
      let end = series.about?.endSinceBoot.map { snapshot.boot + $0 }
      entry.end = series.isLive ? nil : end ?? snapshot.time
      entry.initComm = series.about?.identity.initComm ?? ""
      entry.isHost = series.about?.isHost ?? false
      namespaces[identity] = entry
      if !series.isLive { retained += 1 }
    }
    node = Events(snapshot.node.total)
    live = Double(snapshot.live)
    time = snapshot.time
    exporterStart = snapshot.process.startTime
    isUp = snapshot.failure == nil
  }
}

extension Sample.Events {
  fileprivate init(_ events: EventCounts) {
    self.init(
      execs: Double(events.counts.execs), exits: Double(events.exits.total),
      failures: Double(events.exits.byReason[.error] &+ events.exits.byReason[.signaled]))
  }
}
