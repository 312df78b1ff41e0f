// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The ground truth of a container whose entry point is the workload: the container's events, and the runtime's
/// fork and exec before them, since the start of the namespace or the join.
package struct ContainerTruth: Sendable {
  package let pidns: UInt32
  /// Exact, but without thread starts: the runtime's process has threads before its exec, and Go's scheduler
  /// decides their number.
  package let facts: Facts

  /// Reads the last line, which includes all earlier events.
  ///
  /// - Parameter output: The container's stdout, raw or as a log in the kubelet's format,
  ///   which has a time, a stream and a flag before each line.
  package init(output: String) throws {
    let lines = output.split(separator: "\n").map { line in line.drop { $0 != "{" } }
    guard let last = lines.last(where: { $0.hasPrefix(#"{"case":"#) }) else {
      throw TestFailure("a container has printed no ground truth: \(output)")
    }
    let truth = try JSONDecoder().decode(Truth.self, from: Data(last.utf8))
    pidns = truth.pidns
    var facts = truth.facts
    facts.values[Facts.Quantity(.threadStarts)] = nil
    self.facts = facts
  }

  /// Whether the work is complete; only the exit follows.
  static func isReady(output: String) -> Bool { output.contains(#"{"ready":true"#) }
}

extension Facts {
  /// A live sandbox: the runtime's fork, and its exec of `pause`.
  package static let sandbox = Facts([
    Quantity(.forks): 1, Quantity(.execs): 1, Quantity(.exits): 0, Quantity(.processes): 1,
    Quantity(.threads): 1,
  ])

  /// A stopped sandbox, to which containerd sends SIGKILL.
  package static let stoppedSandbox = Facts([
    Quantity(.forks): 1, Quantity(.execs): 1, Quantity(.exits): 1, Quantity(.exitReasons, "signaled"): 1,
    Quantity(.exitReasons, "completed"): 0, Quantity(.exitReasons, "error"): 0,
    Quantity(.exitReasons, "teardown"): 0, Quantity(.signals): 1, Quantity(.signals, "SIGKILL"): 1,
    Quantity(.exitCodes): 0, Quantity(.processes): 0, Quantity(.threads): 0,
  ])
}

extension Scrape {
  /// Returns the differences of a container's series from the ground truth; none if every count is
  /// exact.
  package func differences(
    containerID: String, from truth: Facts, mayLack: Set<Facts.Kind> = Facts.Kind.optional
  ) throws -> [String] {
    try differences(container(id: containerID).names, from: truth, mayLack: mayLack)
  }

  /// The same for the series with these labels.
  package func differences(
    _ names: Names, from truth: Facts, mayLack: Set<Facts.Kind> = Facts.Kind.optional
  ) -> [String] {
    Comparison(truth: truth, counted: facts(names)).words(mayLack: mayLack)
  }
}
