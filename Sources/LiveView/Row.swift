// SPDX-License-Identifier: Apache-2.0

import Text

/// A row of the table: one series of the exporter.
package struct Row: Equatable, Sendable {
  package let identity: Sample.Identity
  /// Printable: the container, the systemd unit, or both. Otherwise another description in brackets.
  package let name: String
  /// Printable: `namespace/pod`; empty outside of a pod.
  package let pod: String
  /// Counts since the exporter started.
  package let events: Sample.Events
  /// nil without a previous sample to compare with.
  package let rates: Rates?
  /// nil if the exporter does not show tasks.
  package let processes, threads, zombies: Double?
  package let isLive: Bool

  /// The number of the host's namespace, the same on every Linux: PROC_PID_INIT_INO in include/linux/proc_ns.h. Before
  /// the exporter has seen the init, it reports only this number.
  private static let host = "4026531836"

  init(_ identity: Sample.Identity, _ entry: Sample.Entry, rates: Rates?) {
    self.identity = identity
    self.rates = rates
    events = entry.events
    (processes, threads, zombies) = (entry.processes, entry.threads, entry.zombies)
    let tasks = [processes, threads, zombies].compactMap { $0 }
    // A sum over namespaces has no end, but every live namespace has a task.
    isLive = entry.end == nil && (tasks.isEmpty || tasks.contains { $0 > 0 })
    pod =
      identity.pod.isEmpty && identity.namespace.isEmpty
      ? "" : "\(identity.namespace)/\(identity.pod)".printable
    name =
      if !identity.container.isEmpty || !identity.unit.isEmpty {
        [identity.container, identity.unit].filter { !$0.isEmpty }.map(\.printable).joined(separator: "/")
      } else if entry.isHost || identity.pidns == Self.host {
        "[host]"
      } else if !entry.initComm.isEmpty {
        "[\(entry.initComm.printable)]"
      } else if !identity.pidns.isEmpty {
        "[pidns \(identity.pidns.printable)]"
      } else {
        pod.isEmpty ? "[no container]" : ""
      }
  }

  /// Whether a row of an ended namespace is omitted: it has no events since the last sample.
  package var isOver: Bool { !isLive && (rates.map { $0 == Rates() } ?? true) }

  /// Whether one of its names contains a text, in upper or lower case.
  package func matches(_ text: String) -> Bool {
    let text = text.lowercased()
    return text.isEmpty || [name, pod, identity.pidns].contains { $0.lowercased().contains(text) }
  }
}

/// Events per second.
package struct Rates: Equatable, Sendable {
  package var execs = 0.0
  package var exits = 0.0
  package var failures = 0.0

  package init() {}
}

extension Rates {
  /// Computes the rates between two counts; nil if a count decreased, because they are of different runs.
  init?(from before: Sample.Events, to now: Sample.Events, seconds: Double) {
    guard now.execs >= before.execs && now.exits >= before.exits && now.failures >= before.failures else {
      return nil
    }
    execs = (now.execs - before.execs) / seconds
    exits = (now.exits - before.exits) / seconds
    failures = (now.failures - before.failures) / seconds
  }
}
