// SPDX-License-Identifier: Apache-2.0

internal import Activity
internal import BPFKit
internal import Exposition
internal import Linux
internal import Namespaces

extension Reading {
  /// What a poll found, as rates are made of it.
  init(_ state: State) {
    self.init()
    let snapshot = state.snapshot
    namespaces.reserveCapacity(snapshot.namespaces.count)
    for namespace in snapshot.namespaces {
      var identity = Identity()
      for label in namespace.labels.labels {
        switch label.name {
        case "pidns": identity.pidns = label.value
        case "namespace": identity.namespace = label.value
        case "pod": identity.pod = label.value
        case "container": identity.container = label.value
        default: break
        }
      }
      var entry = Entry()
      entry.events = Events(namespace.events)
      if state.scope.collectors.contains(.tasks) {
        entry.processes = Double(namespace.tasks.processes)
        entry.threads = Double(namespace.tasks.threads)
        entry.zombies = Double(namespace.tasks.zombies)
      }
      entry.start = namespace.about?.start
      entry.end = namespace.isLive ? nil : namespace.about?.end ?? snapshot.time
      for label in namespace.about?.labels.labels ?? [] {
        switch label.name {
        case "level": entry.isHost = label.value == "0"
        case "init_comm": entry.initComm = label.value
        default: break
        }
      }
      namespaces[identity] = entry
    }
    node = Events(snapshot.node.total)
    live = Double(snapshot.live)
    retained = Double(snapshot.namespaces.count { !$0.isLive })
    time = snapshot.time
    exporterStart = state.process.startTime
    isUp = snapshot.failure == nil
  }
}

extension Reading.Events {
  fileprivate init(_ events: BPFKit.Events) {
    self.init(
      execs: Double(events.counts.execs), exits: Double(events.exits.total),
      failures: Double(events.exits.byReason[.error] &+ events.exits.byReason[.signaled]))
  }
}
