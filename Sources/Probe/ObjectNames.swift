// SPDX-License-Identifier: Apache-2.0

import LibBPF

/// The maps of the object `counters`. The raw value is the name in its source.
enum CounterMap: String, CaseIterable {
  case namespaces, details, signals, identities, node, scratches, marks
  case cgroups
  case exitClaims = "exit_claims"
  case oomVictims = "oom_victims"
  case partsAdmitted = "parts_admitted"
  case partsReleased = "parts_released"
  case gates
  /// Variables that follow single tasks: a section, which is a map.
  case shared = ".data.shared"

  /// The name of its pin: a BPF file system allows no dot.
  var pinName: String { self == .shared ? "shared" : rawValue }

  /// Maps that the next layout continues to use: which generation counts, and what is known of single tasks.
  static let carriedOver: [CounterMap] = [.gates, .shared, .marks, .exitClaims, .oomVictims]

  /// Hashes, whose entries can be allocated when they are inserted. The others are arrays and per-CPU scratch space.
  static let hashes: [CounterMap] = [
    .namespaces, .details, .signals, .identities, .cgroups, .exitClaims, .oomVictims,
  ]
}

/// The maps of the object `events`. The raw value is the name in its source.
enum EventMap: String, CaseIterable {
  case events, dropped, identities, cgroups, scratches, marks
  case exitClaims = "exit_claims"
  case oomVictims = "oom_victims"

  /// As in ``CounterMap/hashes``. `identities` and `cgroups` are LRU maps, and so are allocated at the start.
  static let hashes: [EventMap] = [.exitClaims, .oomVictims]
}

/// The programs of the object `counters`. The raw value is the name in its source, and in metrics.
enum CounterProgram: String, CaseIterable {
  case exec = "process_exec"
  case fork = "process_fork"
  case exit = "process_exit"
  /// Before Linux 6.16.
  case exitClaimed = "process_exit_claimed"
  case free = "process_free"
  case cgroupRemoved = "cgroup_removed"
  case oomMarked = "oom_marked"
  case oomMarkedByNumber = "oom_marked_by_number"
  case execveFailed = "execve_failed"
  case execveatFailed = "execveat_failed"
  case compatExecveFailed = "compat_execve_failed"
  case compatExecveatFailed = "compat_execveat_failed"
  /// The iterator over tasks.
  case taskScan = "task_walk"

  /// Those with further programs for the same event: ``RedundantPrograms``.
  static let redundant: [CounterProgram] = [.exec, .fork, .exit, .cgroupRemoved]
}

/// The programs of the object `events`. The raw value is the name in its source.
enum EventProgram: String, CaseIterable {
  case exec = "process_execed"
  case fork = "process_forked"
  case exit = "process_exited"
  /// Before Linux 6.16.
  case exitClaimed = "process_exited_claimed"
  case free = "process_freed"
  case oomVictim = "oom_victim"
  case oomVictimByNumber = "oom_victim_by_number"

  /// As in ``CounterProgram/redundant``.
  static let redundant: [EventProgram] = [.exec, .fork, .exit]
}

extension BPFObject {
  /// The section of the constants with which the programs are verified, in both objects: a `pidns_config`.
  static let configurationSection = ".rodata.config"

  func map(_ map: CounterMap) throws(BPFError) -> BPFMap { try self.map(map.rawValue) }
  func map(_ map: EventMap) throws(BPFError) -> BPFMap { try self.map(map.rawValue) }
}
