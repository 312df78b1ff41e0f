// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the workload said as the entry point of a container: all that the container did, and the runtime's
/// fork and exec before it, since the namespace began or the container joined it.
package struct ContainerTruth: Sendable {
  package let pidns: UInt32
  /// Exact, and without thread starts: the runtime's process has threads before its exec, how many is up to
  /// Go's scheduler.
  package let facts: Facts

  /// Reads the last line of the truth, which holds all up to then.
  ///
  /// - Parameter output: What the container wrote to stdout, as it is or as a log of the kubelet's format,
  ///   which has a time, a stream and a flag before each line.
  package init(output: String) throws {
    let lines = output.split(separator: "\n").map { line in line.drop { $0 != "{" } }
    guard let last = lines.last(where: { $0.hasPrefix(#"{"case":"#) }) else {
      throw TestFailure("a container has not told the truth: \(output)")
    }
    let truth = try JSONDecoder().decode(Truth.self, from: Data(last.utf8))
    pidns = truth.pidns
    var facts = truth.facts
    facts.values[Facts.Quantity(.threadStarts)] = nil
    self.facts = facts
  }

  /// Whether the container has done its work, and does nothing more but to end.
  static func isReady(output: String) -> Bool { output.contains(#"{"ready":true"#) }
}

extension Facts {
  /// A pod's sandbox that lives: the runtime's fork, its exec of `pause`, and nothing more.
  package static let sandbox = Facts([
    Quantity(.forks): 1, Quantity(.execs): 1, Quantity(.exits): 0, Quantity(.processes): 1,
    Quantity(.threads): 1,
  ])

  /// A sandbox that was stopped, for which containerd sends SIGKILL.
  package static let stoppedSandbox = Facts([
    Quantity(.forks): 1, Quantity(.execs): 1, Quantity(.exits): 1, Quantity(.exitReasons, "signaled"): 1,
    Quantity(.exitReasons, "completed"): 0, Quantity(.exitReasons, "error"): 0,
    Quantity(.exitReasons, "teardown"): 0, Quantity(.signals): 1, Quantity(.signals, "SIGKILL"): 1,
    Quantity(.exitCodes): 0, Quantity(.processes): 0, Quantity(.threads): 0,
  ])
}

extension Scrape {
  /// Compares the series of a container's namespace with what is true of it, in words: nothing where every count is
  /// exact.
  package func differences(
    containerID: String, from truth: Facts, mayLack: Set<Facts.Kind> = Facts.Kind.optional
  ) throws -> [String] {
    try differences(container(id: containerID).names, from: truth, mayLack: mayLack)
  }

  /// The same for the series of certain names.
  package func differences(
    _ names: Names, from truth: Facts, mayLack: Set<Facts.Kind> = Facts.Kind.optional
  ) -> [String] {
    Comparison(truth: truth, counted: facts(names)).words(mayLack: mayLack)
  }
}
