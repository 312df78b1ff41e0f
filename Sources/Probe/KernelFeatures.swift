// SPDX-License-Identifier: Apache-2.0

import LibBPF

/// The features of the running kernel, from its type information.
///
/// They are read from BTF, never from the version: distributions backport single changes.
struct KernelFeatures {
  /// The form in which `mark_victim` reports the victim of the OOM killer.
  enum OOMVictim {
    /// The task (upstream 6.9).
    case task
    /// The number of a thread.
    case number
  }

  /// `sched_process_exit` reports which thread was the last of its process (upstream 6.16).
  let exitTellsGroupDead: Bool
  /// Per-CPU hashes take entries from the BPF memory allocator, so that tracing programs may insert
  /// into maps that are not preallocated (upstream 6.1).
  let hashesAllocateSafely: Bool
  /// A task can be preempted in a program at a tracepoint, which other tasks then skip (upstream 7.0).
  let tracepointsArePreemptible: Bool
  /// Programs may read memory by its address, the only way to read the names of cgroups. False in lockdown for
  /// confidentiality.
  let addressesAreReadable: Bool
  /// The argument of `mark_victim`; nil without that tracepoint.
  let oomVictim: OOMVictim?
  /// The first functions of the system calls execve and execveat, by the program that is attached to each.
  let execEntries: [(program: CounterProgram, function: String)]

  /// The best way to detect the exit of a process.
  var exitDetection: KernelCounters.ExitDetection { exitTellsGroupDead ? .groupDead : .claimed }

  /// Reads the kernel's BTF.
  static func probe() throws(BPFError) -> KernelFeatures {
    let btf = try KernelBTF(
      finding: KernelBTF.Names(
        tracepoints: ["mark_victim", "sched_process_exit"], functions: execEntries.map(\.function),
        typedefs: ["class_srcu_fast_notrace_t"], structures: ["bpf_htab"]))
    let oomVictim: OOMVictim? =
      switch btf.parameters(ofTracepoint: "mark_victim").dropFirst().first {
      case .pointer: .task
      case .integer: .number
      default: nil
      }
    return KernelFeatures(
      // The first parameter is the tracepoint's own data, the second the task.
      exitTellsGroupDead: btf.parameters(ofTracepoint: "sched_process_exit").count >= 3,
      hashesAllocateSafely: btf.structure("bpf_htab", hasMember: "pcpu_ma"),
      tracepointsArePreemptible: btf.hasTypedef("class_srcu_fast_notrace_t"),
      addressesAreReadable: LibraryInfo.readsAddresses,
      oomVictim: oomVictim,
      execEntries: execEntries.filter { btf.hasFunction($0.function) })
  }

  #if arch(x86_64)
    private static let execEntries: [(program: CounterProgram, function: String)] = [
      (.execveFailed, "__x64_sys_execve"), (.execveatFailed, "__x64_sys_execveat"),
      (.compatExecveFailed, "__ia32_compat_sys_execve"),
      (.compatExecveatFailed, "__ia32_compat_sys_execveat"),
    ]
  #elseif arch(arm64)
    private static let execEntries: [(program: CounterProgram, function: String)] = [
      (.execveFailed, "__arm64_sys_execve"), (.execveatFailed, "__arm64_sys_execveat"),
      (.compatExecveFailed, "__arm64_compat_sys_execve"),
      (.compatExecveatFailed, "__arm64_compat_sys_execveat"),
    ]
  #endif
}
