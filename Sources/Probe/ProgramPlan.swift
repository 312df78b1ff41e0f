// SPDX-License-Identifier: Apache-2.0

import CPidns

/// Which of the object's programs and maps are loaded, for a kernel and what is to be counted.
struct ProgramPlan {
  let exitDetection: KernelCounters.ExitDetection
  /// How many programs there are for each event.
  let attempts: Int
  /// Attached, in this order, or the exporter does not run.
  let required: [String]
  /// Attached where the kernel lets them be.
  let optional: [Optional]
  /// Attached to be read.
  let iterators: [String]
  /// Maps whose entries are allocated when they are inserted.
  let mapsOnDemand: [String]
  /// Maps that no loaded program uses.
  let unusedMaps: [String]
  /// What the verifier is told.
  let constants: pidns_config
  /// Collectors that are asked for and that this kernel cannot have, and why.
  let unavailable: [Collector: String]

  /// A program that the exporter can do without.
  struct Optional {
    let collector: Collector
    let name: String
    /// The kernel function that it is to follow; nil where its section names its hook.
    var function: String?
  }

  init(features: KernelFeatures, _ configuration: KernelCounters.Configuration, cpus: Int) {
    let collectors = configuration.collectors
    let detection = configuration.exitDetection ?? features.exitDetection
    let mayBeSkipped = configuration.countsInAttempts ?? features.tracepointsArePreemptible
    let attempts = Attempts(mayBeSkipped: mayBeSkipped)
    let exit =
      switch detection {
      case .groupDead: attempts.programs("process_exit")
      case .claimed: ["process_free", "process_exit_claimed"]
      }
    required = (exit + attempts.programs("process_exec") + attempts.programs("process_fork"))
      .filter { !configuration.programsLeftOut.contains($0) }

    var optional: [Optional] = []
    var unavailable: [Collector: String] = [:]
    if collectors.contains(.oomKills) {
      switch features.oomVictim {
      case .task: optional.append(Optional(collector: .oomKills, name: "oom_marked"))
      case .number: optional.append(Optional(collector: .oomKills, name: "oom_marked_by_number"))
      case nil: unavailable[.oomKills] = "the kernel has no tracepoint mark_victim"
      }
    }
    if collectors.contains(.execFailures) {
      optional += features.execEntries.map {
        Optional(collector: .execFailures, name: $0.program, function: $0.function)
      }
      if features.execEntries.isEmpty {
        unavailable[.execFailures] = "the kernel's BTF does not name the functions behind execve"
      }
    }
    self.optional = optional
    self.unavailable = unavailable

    let hasDetails = !collectors.isDisjoint(with: [.exitCodes, .execFailures])
    let hasSignalExemplars = configuration.keepsExemplars && collectors.contains(.signals)
    let hasIdentities = features.addressesAreReadable
    iterators =
      ["task_walk", "namespace_counts", "namespace_exits"] + (hasDetails ? ["namespace_details"] : [])
      + (hasSignalExemplars ? ["namespace_signal_exemplars"] : [])
      + (hasIdentities ? ["namespace_identities"] : [])
    unusedMaps =
      (detection == .claimed ? [] : ["exit_claims"]) + (mayBeSkipped ? [] : ["marks"])
      + (collectors.contains(.oomKills) ? [] : ["oom_victims"]) + (hasDetails ? [] : ["details"])
      + (hasSignalExemplars ? [] : ["signal_exemplars"])
      + (hasIdentities ? [] : ["identities", "scratches"])
    mapsOnDemand =
      features.hashesAllocateSafely
      ? [
        "namespaces", "exits", "details", "signal_exemplars", "identities", "exit_claims", "oom_victims",
      ] : []

    func flag(_ collector: Collector) -> UInt8 { collectors.contains(collector) ? 1 : 0 }
    constants = pidns_config(
      possible_cpus: UInt32(cpus), attempts: UInt32(attempts.count), count_signals: flag(.signals),
      count_lifetimes: flag(.lifetimes), count_exit_codes: flag(.exitCodes),
      count_oom_kills: flag(.oomKills), count_tasks: flag(.tasks),
      capture_identities: hasIdentities ? 1 : 0, keep_exemplars: configuration.keepsExemplars ? 1 : 0,
      tell_forks: 0, tell_oom_kills: 0,
      tell_arguments: 0, padding: (0, 0), event_bytes: 0,
      outermost: configuration.outermost ?? 0)
    self.attempts = attempts.count
    exitDetection = detection
  }
}
