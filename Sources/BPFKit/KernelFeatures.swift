// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc

/// What the running kernel has, by its own type information.
///
/// BTF is asked and never the version: distributions take single changes into older kernels.
struct KernelFeatures {
  /// What `mark_victim` says of whom the OOM killer chose.
  enum OOMVictim {
    /// The task (upstream 6.9).
    case task
    /// The number of a thread.
    case number
  }

  /// `sched_process_exit` says which thread was its process's last (upstream 6.16).
  let exitTellsGroupDead: Bool
  /// Per-CPU hashes take entries from the BPF memory allocator, so that tracing programs may insert
  /// into maps that are not preallocated (upstream 6.1).
  let hashesAllocateSafely: Bool
  /// A task can be preempted in a program at a tracepoint, which other tasks then skip (upstream 7.0).
  let tracepointsArePreemptible: Bool
  /// Programs may read memory by its address: the names of cgroups can be read in no other way. Not so in
  /// lockdown for confidentiality.
  let addressesAreReadable: Bool
  /// What `mark_victim` says; nil without that tracepoint.
  let oomVictim: OOMVictim?
  /// The functions that the system calls execve and execveat begin in, by the program that follows each.
  let execEntries: [(program: String, function: String)]

  /// How exits are best told apart.
  var exitDetection: KernelCounters.ExitDetection { exitTellsGroupDead ? .groupDead : .claimed }

  /// Asks the kernel's BTF. 25 ms, and 20 MB of memory for that moment.
  static func probe() throws(BPFError) -> KernelFeatures {
    let btf = unsafe try checked("read the kernel's BTF, /sys/kernel/btf/vmlinux", btf__load_vmlinux_btf())
    defer { unsafe btf__free(btf) }
    return KernelFeatures(
      // The first parameter is the tracepoint's own data, the second the task.
      exitTellsGroupDead: unsafe parameterKinds(of: "btf_trace_sched_process_exit", in: btf).count >= 3,
      hashesAllocateSafely: unsafe structure("bpf_htab", has: "pcpu_ma", in: btf),
      tracepointsArePreemptible: unsafe has(BTF_KIND_TYPEDEF, "class_srcu_fast_notrace_t", in: btf),
      addressesAreReadable: shim_reads_addresses() == 1,
      oomVictim: unsafe oomVictim(in: btf),
      execEntries: execEntries.filter { unsafe has(BTF_KIND_FUNC, $0.function, in: btf) })
  }

  #if arch(x86_64)
    private static let execEntries = [
      ("execve_failed", "__x64_sys_execve"), ("execveat_failed", "__x64_sys_execveat"),
      ("compat_execve_failed", "__ia32_compat_sys_execve"),
      ("compat_execveat_failed", "__ia32_compat_sys_execveat"),
    ].map { (program: $0, function: $1) }
  #elseif arch(arm64)
    private static let execEntries = [
      ("execve_failed", "__arm64_sys_execve"), ("execveat_failed", "__arm64_sys_execveat"),
      ("compat_execve_failed", "__arm64_compat_sys_execve"),
      ("compat_execveat_failed", "__arm64_compat_sys_execveat"),
    ].map { (program: $0, function: $1) }
  #endif

  private static func oomVictim(in btf: OpaquePointer) -> OOMVictim? {
    switch unsafe parameterKinds(of: "btf_trace_mark_victim", in: btf).dropFirst().first {
    case BTF_KIND_PTR: .task
    case BTF_KIND_INT: .number
    default: nil
    }
  }

  /// The kinds of a tracepoint's parameters; none without it. Follows typedef → pointer → prototype.
  private static func parameterKinds(of tracepoint: String, in btf: OpaquePointer) -> [Int] {
    var id = unsafe btf__find_by_name_kind(btf, tracepoint, UInt32(BTF_KIND_TYPEDEF))
    while id > 0, let type = unsafe btf__type_by_id(btf, UInt32(id)) {
      switch unsafe Int(shim_btf_kind(type)) {
      case BTF_KIND_TYPEDEF, BTF_KIND_PTR: id = unsafe Int32(bitPattern: shim_btf_target(type))
      case BTF_KIND_FUNC_PROTO:
        return unsafe (0..<shim_btf_count(type)).map { index in
          unsafe btf__type_by_id(btf, shim_btf_parameter(type, index)).map { unsafe Int(shim_btf_kind($0)) }
            ?? 0
        }
      default: return []
      }
    }
    return []
  }

  private static func has(_ kind: Int, _ name: String, in btf: OpaquePointer) -> Bool {
    unsafe btf__find_by_name_kind(btf, name, UInt32(kind)) > 0
  }

  private static func structure(_ name: String, has member: String, in btf: OpaquePointer) -> Bool {
    let id = unsafe btf__find_by_name_kind(btf, name, UInt32(BTF_KIND_STRUCT))
    guard id > 0, let type = unsafe btf__type_by_id(btf, UInt32(id)) else { return false }
    return unsafe (0..<shim_btf_count(type)).contains { index in
      unsafe btf__name_by_offset(btf, shim_btf_member_name(type, index))
        .map { unsafe String(cString: $0) == member } ?? false
    }
  }
}
