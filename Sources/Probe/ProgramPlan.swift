// SPDX-License-Identifier: Apache-2.0

import CPidns

/// The programs and maps of the object `counters` to load, for a kernel and a configuration.
struct ProgramPlan {
  let exitDetection: KernelCounters.ExitDetection
  /// The number of programs for each event.
  let attempts: Int
  /// Required programs, attached in this order.
  let required: [String]
  /// Optional programs, attached if the kernel permits that.
  let optional: [OptionalProgram]
  /// Maps whose entries are allocated when they are inserted.
  let mapsOnDemand: [CounterMap]
  /// Maps that no loaded program uses.
  private(set) var unusedMaps: [CounterMap]
  var usedMaps: [CounterMap] { CounterMap.allCases.filter { !unusedMaps.contains($0) } }
  /// Maps with which programs of two generations count an event once, if both have the same.
  var mapsThatShareEvents: [CounterMap] { attempts == 1 ? [.gates] : [.gates, .marks] }
  /// Whether events are counted by cgroup, too.
  let isSplit: Bool
  /// The configuration in `.rodata`, which the verifier reads.
  private(set) var constants: pidns_config
  /// Enabled collectors that this kernel does not support, and why.
  let unavailable: [Collector: String]

  /// An optional program.
  struct OptionalProgram {
    let collector: Collector
    let name: String
    /// The kernel function that it traces; nil if its section names its hook.
    let function: String?

    init(collector: Collector, _ program: CounterProgram, function: String? = nil) {
      self.collector = collector
      name = program.rawValue
      self.function = function
    }
  }

  init(features: KernelFeatures, _ configuration: KernelCounters.Configuration) {
    let collectors = configuration.collectors
    let detection = configuration.exitDetection ?? features.exitDetection
    let mayBeSkipped = configuration.countsInAttempts ?? features.tracepointsArePreemptible
    let attempts = RedundantPrograms(mayBeSkipped: mayBeSkipped)
    let exit =
      switch detection {
      case .groupDead: attempts.programs(CounterProgram.exit)
      case .claimed: [CounterProgram.free, .exitClaimed].map(\.rawValue)
      }
    let hasIdentities = configuration.readsAddresses ?? features.addressesAreReadable
    // Without its path, a part cannot be identified.
    isSplit = configuration.split != .none && hasIdentities
    required =
      (exit + attempts.programs(CounterProgram.exec) + attempts.programs(CounterProgram.fork)
      + (isSplit ? attempts.programs(CounterProgram.cgroupRemoved) : []))
      .filter { !configuration.programsLeftOut.contains($0) }

    var optional: [OptionalProgram] = []
    var unavailable: [Collector: String] = [:]
    if collectors.contains(.oomKills) {
      switch features.oomVictim {
      case .task: optional.append(OptionalProgram(collector: .oomKills, .oomMarked))
      case .number: optional.append(OptionalProgram(collector: .oomKills, .oomMarkedByNumber))
      case nil: unavailable[.oomKills] = "the kernel has no tracepoint mark_victim"
      }
    }
    if collectors.contains(.execFailures) {
      optional += features.execEntries.map {
        OptionalProgram(collector: .execFailures, $0.program, function: $0.function)
      }
      if features.execEntries.isEmpty {
        unavailable[.execFailures] = "the kernel's BTF does not name the functions behind execve"
      }
    }
    self.optional = optional
    self.unavailable = unavailable

    let hasDetails = !collectors.isDisjoint(with: [.exitCodes, .execFailures])
    let hasSignals = collectors.contains(.signals)
    unusedMaps =
      (detection == .claimed ? [] : [.exitClaims]) + (mayBeSkipped ? [] : [.marks])
      + (collectors.contains(.oomKills) ? [] : [.oomVictims]) + (hasDetails ? [] : [.details])
      + (hasSignals ? [] : [.signals])
      + (hasIdentities ? [] : [.identities, .scratches])
      + (isSplit ? [] : [.cgroups, .partsAdmitted, .partsReleased]) + [.gates]
    mapsOnDemand = features.hashesAllocateSafely ? CounterMap.hashes : []

    func flag(_ collector: Collector) -> UInt8 { collectors.contains(collector) ? 1 : 0 }
    constants = pidns_config(
      attempts: UInt32(attempts.count), count_signals: flag(.signals),
      count_lifetimes: flag(.lifetimes), count_exit_codes: flag(.exitCodes),
      count_oom_kills: flag(.oomKills), count_tasks: flag(.tasks),
      capture_identities: hasIdentities ? 1 : 0, keep_exemplars: configuration.keepsExemplars ? 1 : 0,
      emit_forks: 0, emit_oom_kills: 0,
      emit_arguments: 0, controller: UInt8(CgroupController.first.constant.rawValue), padding: 0,
      event_bytes: 0,
      outermost: configuration.outermost ?? 0,
      split: isSplit ? configuration.split.constant.rawValue : PIDNS_SPLIT_NONE.rawValue,
      // The remaining entries are for namespaces.
      parts: min(configuration.parts, configuration.mapEntries / 4), generation: 0)
    self.attempts = attempts.count
    exitDetection = detection
  }

  /// The same plan for programs beside which those of another generation may be attached.
  func pinned(as generation: UInt32) -> ProgramPlan {
    var plan = self
    plan.constants.generation = generation
    plan.unusedMaps.removeAll { $0 == .gates }
    return plan
  }
}
