// SPDX-License-Identifier: Apache-2.0

/// An optional group of counts, beside execs, forks, thread starts and exits by reason. The raw value is its name in a
/// flag.
///
/// A disabled collector costs nothing in the kernel: its programs are not loaded, and the verifier removes its part of
/// the others.
package enum Collector: String, CaseIterable, Sendable {
  /// Signal deaths, by signal, and core dumps.
  case signals
  /// Kills of the OOM killer.
  case oomKills = "oom-kills"
  /// Lifetimes from fork to exit.
  case lifetimes
  /// Live processes, threads and zombies, by the task scan.
  case tasks
  /// Exits by exit code.
  case exitCodes = "exit-codes"
  /// Failed execs by errno. Needs BPF trampolines.
  case execFailures = "exec-failures"

  /// Whether it is on by default.
  package var isOnByDefault: Bool {
    switch self {
    case .signals, .oomKills, .lifetimes, .tasks: true
    case .exitCodes, .execFailures: false
    }
  }
}
