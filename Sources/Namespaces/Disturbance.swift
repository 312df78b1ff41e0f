// SPDX-License-Identifier: Apache-2.0

/// What happened to the machine or to the process between two polls. It explains a gap or a jump in graphs; counts are
/// not affected.
package enum Disturbance: String, CaseIterable, Sendable {
  /// The wall clock was set.
  case clockSet = "clock_set"
  /// CPUs went online or offline.
  case cpusChanged = "cpus_changed"
  /// A poll was late: the process was stopped, or had too little CPU.
  case latePoll = "late_poll"
  /// The machine was suspended.
  case suspended
}
