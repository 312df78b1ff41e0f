// SPDX-License-Identifier: Apache-2.0

import Containers
import LiveView
import Namespaces
import Platform
import Probe

extension Reading {
  /// What a poll found, as rates are made of it.
  ///
  /// - Complexity: O(series).
  init(_ state: State) {
    self.init()
    let snapshot = state.snapshot
    let showsTasks = state.scope.collectors.contains(.tasks)
    namespaces.reserveCapacity(snapshot.namespaces.count)
    for namespace in snapshot.namespaces {
      let identity = Identity(
        pidns: namespace.inum.map { String($0) } ?? "", namespace: namespace.names.namespace,
        pod: namespace.names.pod, container: namespace.names.container)
      var entry = Entry()
      entry.events = Events(namespace.events)
      if showsTasks {
        entry.processes = Double(namespace.tasks.processes)
        entry.threads = Double(namespace.tasks.threads)
        entry.zombies = Double(namespace.tasks.zombies)
      }
      entry.start = namespace.about?.start
      entry.end = namespace.isLive ? nil : namespace.about?.end ?? snapshot.time
      entry.initComm = namespace.about?.initComm ?? ""
      entry.isHost = namespace.about?.isHost ?? false
      namespaces[identity] = entry
      if !namespace.isLive { retained += 1 }
    }
    node = Events(snapshot.node.total)
    live = Double(snapshot.live)
    time = snapshot.time
    exporterStart = state.process.startTime
    isUp = snapshot.failure == nil
  }
}

extension Reading.Events {
  fileprivate init(_ events: EventCounts) {
    self.init(
      execs: Double(events.counts.execs), exits: Double(events.exits.total),
      failures: Double(events.exits.byReason[.error] &+ events.exits.byReason[.signaled]))
  }
}
