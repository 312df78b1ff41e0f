// SPDX-License-Identifier: Apache-2.0

import Text

/// What a table shows of one namespace, or of what the exporter shows as one.
package struct Row: Equatable, Sendable {
  package let identity: Sample.Identity
  /// Printable: the container, the systemd unit, or both; else, in brackets, what else is known of it.
  package let name: String
  /// Printable: `namespace/pod`; empty outside of a pod.
  package let pod: String
  /// What has happened since the exporter started.
  package let events: Sample.Events
  /// nil where there is no sample before to compare with.
  package let rates: Rates?
  /// nil where the exporter does not show tasks.
  package let processes, threads, zombies: Double?
  package let isLive: Bool

  /// The number of the host's own, the same on every Linux: PROC_PID_INIT_INO in include/linux/proc_ns.h. An exporter that has not
  /// seen its init yet says no more of it.
  private static let host = "4026531836"

  init(_ identity: Sample.Identity, _ entry: Sample.Entry, rates: Rates?) {
    self.identity = identity
    self.rates = rates
    events = entry.events
    (processes, threads, zombies) = (entry.processes, entry.threads, entry.zombies)
    let tasks = [processes, threads, zombies].compactMap { $0 }
    // Where namespaces add up there is no end to be told, but none that lives has no task.
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

  /// Whether a row of an ended namespace is left out: nothing has happened in it since the last sample.
  package var isOver: Bool { !isLive && (rates.map { $0 == Rates() } ?? true) }

  /// Whether a text is in one of its names, whatever the case of the letters.
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
  /// What happened between two counts; nil where one of them fell, so that they do not belong together.
  init?(from before: Sample.Events, to now: Sample.Events, seconds: Double) {
    guard now.execs >= before.execs && now.exits >= before.exits && now.failures >= before.failures else {
      return nil
    }
    execs = (now.execs - before.execs) / seconds
    exits = (now.exits - before.exits) / seconds
    failures = (now.failures - before.failures) / seconds
  }
}
