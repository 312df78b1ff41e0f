// SPDX-License-Identifier: Apache-2.0

internal import CLibBPF
internal import Glibc

/// What the running kernel has, by its own type information.
///
/// BTF is asked and never the version: distributions take single changes into older kernels.
struct KernelFeatures {
  /// `sched_process_exit` says which thread was its process's last (upstream 6.16).
  let exitTellsGroupDead: Bool
  /// Per-CPU hashes take entries from the BPF memory allocator, so that tracing programs may insert
  /// into maps that are not preallocated (upstream 6.1).
  let hashesAllocateSafely: Bool

  /// Asks the kernel's BTF. 25 ms, and 20 MB of memory for that moment.
  static func probe() throws(BPFError) -> KernelFeatures {
    let btf = unsafe try checked("read the kernel's BTF, /sys/kernel/btf/vmlinux", btf__load_vmlinux_btf())
    defer { unsafe btf__free(btf) }
    return KernelFeatures(
      // The prototype's first argument is the tracepoint's own data, the second the task.
      exitTellsGroupDead: unsafe argumentCount(of: "btf_trace_sched_process_exit", in: btf) >= 3,
      hashesAllocateSafely: unsafe structure("bpf_htab", has: "pcpu_ma", in: btf))
  }

  /// Follows typedef → pointer → prototype.
  private static func argumentCount(of tracepoint: String, in btf: OpaquePointer) -> UInt32 {
    var id = unsafe btf__find_by_name_kind(btf, tracepoint, UInt32(BTF_KIND_TYPEDEF))
    while id > 0, let type = unsafe btf__type_by_id(btf, UInt32(id)) {
      switch unsafe Int(shim_btf_kind(type)) {
      case BTF_KIND_TYPEDEF, BTF_KIND_PTR: id = unsafe Int32(bitPattern: shim_btf_target(type))
      case BTF_KIND_FUNC_PROTO: return unsafe shim_btf_count(type)
      default: return 0
      }
    }
    return 0
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
