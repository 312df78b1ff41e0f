// SPDX-License-Identifier: Apache-2.0

import CPidns
import Glibc

/// The programs and maps of the object `events` to load, for a kernel and a configuration.
struct EventPlan {
  /// Loaded and attached, in this order.
  let programs: [String]
  let attempts: RedundantPrograms
  /// Bytes of the ring buffer.
  let bufferBytes: UInt32
  /// Maps whose entries are allocated when they are inserted.
  let mapsOnDemand: [EventMap]
  /// Maps that no loaded program uses.
  let unusedMaps: [EventMap]
  /// The configuration in `.rodata`, which the verifier reads.
  let constants: pidns_config
  /// Whether the kernel allows reads of the owners of namespaces.
  let readsIdentities: Bool
  /// Why OOM kills cannot be emitted; nil if they can.
  let oomKillsUnavailable: String?

  /// The maximum number of namespaces whose identities are kept, and of cgroups whose paths are. A removed entry is
  /// recorded again at the next event of its namespace or cgroup.
  static let identities: UInt32 = 4096

  init(features: KernelFeatures, _ configuration: KernelEvents.Configuration) {
    let mayBeSkipped = configuration.countsInAttempts ?? features.tracepointsArePreemptible
    let attempts = RedundantPrograms(mayBeSkipped: mayBeSkipped)
    let detection = configuration.exitDetection ?? features.exitDetection
    let exit =
      switch detection {
      case .groupDead: attempts.programs(EventProgram.exit)
      case .claimed: [EventProgram.free, .exitClaimed].map(\.rawValue)
      }
    // The marks of attempts begin with the fork, whether it is emitted or not.
    let fork = configuration.forks || mayBeSkipped ? attempts.programs(EventProgram.fork) : []
    let oom: [EventProgram] =
      switch features.oomVictim {
      case .task: [.oomVictim]
      case .number: [.oomVictimByNumber]
      case nil: []
      }
    programs = exit + oom.map(\.rawValue) + attempts.programs(EventProgram.exec) + fork
    oomKillsUnavailable = oom.isEmpty ? "the kernel has no tracepoint mark_victim" : nil
    self.attempts = attempts
    // The kernel accepts only whole pages.
    bufferBytes = max(configuration.bufferBytes, UInt32(getpagesize()))
    readsIdentities = configuration.readsAddresses ?? features.addressesAreReadable

    unusedMaps =
      (detection == .claimed ? [] : [.exitClaims]) + (mayBeSkipped ? [] : [.marks])
      + (oom.isEmpty ? [.oomVictims] : [])
      + (readsIdentities ? [] : [.identities, .cgroups, .scratches])
    mapsOnDemand = features.hashesAllocateSafely ? EventMap.hashes : []
    func flag(_ isSet: Bool) -> UInt8 { isSet ? 1 : 0 }
    constants = pidns_config(
      attempts: UInt32(attempts.count), count_signals: 0, count_lifetimes: 0,
      count_exit_codes: 0, count_oom_kills: flag(!oom.isEmpty), count_tasks: 0,
      capture_identities: flag(readsIdentities), keep_exemplars: 0,
      emit_forks: flag(configuration.forks), emit_oom_kills: flag(configuration.oomKills),
      // This does not depend on kernel addresses, but libbpf then uses the helper of old kernels for both.
      emit_arguments: flag(configuration.arguments && readsIdentities),
      controller: UInt8(CgroupController.first.constant.rawValue), padding: 0,
      event_bytes: bufferBytes, outermost: configuration.outermost ?? 0,
      split: (readsIdentities ? PIDNS_SPLIT_SHARED : PIDNS_SPLIT_NONE).rawValue, parts: 0,
      generation: 0)
  }
}
