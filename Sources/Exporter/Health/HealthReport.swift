// SPDX-License-Identifier: Apache-2.0

import Containers
import Namespaces

/// The health of the exporter in one line: for `/-/healthy`, and for the service manager.
enum HealthReport {
  /// The problems that a poll has found. Fixed texts, because everybody may read them.
  static func problems(of snapshot: Snapshot) -> [String] {
    var problems: [String] = []
    if snapshot.failure != nil { problems.append("polls fail") }
    if !snapshot.isCounting { problems.append("BPF programs do not count") }
    if snapshot.lacksPins == true { problems.append("pins are missing") }
    if snapshot.state?.failure != nil { problems.append("state cannot be written") }
    if let watch = snapshot.podWatch, !watch.isHealthy { problems.append("pod watch fails") }
    return problems
  }

  /// Returns the line for some problems, and for disturbances of the last five minutes, which are no problems.
  static func line(_ problems: [String], recent: [Disturbance] = []) -> String {
    let state = problems.isEmpty ? "Healthy" : "Running, with problems: \(problems.joined(separator: "; "))"
    if recent.isEmpty { return state }
    return "\(state). In the last five minutes: \(recent.map(\.text).joined(separator: "; "))"
  }

  /// Returns the line for a polling thread that has stopped.
  static func line(stopped silence: Duration) -> String {
    "Not healthy: polling has stopped \(silence.components.seconds) s ago"
  }
}

extension Disturbance {
  fileprivate var text: String {
    switch self {
    case .clockSet: "the wall clock was set"
    case .cpusChanged: "CPUs went online or offline"
    case .latePoll: "a poll was late"
    case .suspended: "the machine was suspended"
    }
  }
}
