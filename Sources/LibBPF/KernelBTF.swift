// SPDX-License-Identifier: Apache-2.0

import CLibBPF

/// Owns the running kernel's type information (BTF), and frees it (`btf__free`).
@safe package struct KernelBTF: ~Copyable {
  /// The kinds of parameter types that callers distinguish.
  package enum Kind: Equatable, Sendable {
    case pointer, integer, other
  }

  private let btf: OpaquePointer

  /// Reads the BTF. Needs 25 ms, and 20 MB of memory until it is freed.
  package init() throws(BPFError) {
    unsafe btf = try checked("read the kernel's BTF, /sys/kernel/btf/vmlinux", btf__load_vmlinux_btf())
  }

  deinit { unsafe btf__free(btf) }

  /// Returns whether the kernel has a typedef with this name.
  package func hasTypedef(_ name: String) -> Bool { has(BTF_KIND_TYPEDEF, name) }

  /// Returns whether the kernel has a function with this name.
  package func hasFunction(_ name: String) -> Bool { has(BTF_KIND_FUNC, name) }

  /// Returns the kinds of a tracepoint's parameters; empty if the tracepoint does not exist. The first
  /// parameter is the tracepoint's own data.
  package func parameters(ofTracepoint name: String) -> [Kind] {
    // typedef → pointer → prototype
    var id = unsafe btf__find_by_name_kind(btf, "btf_trace_" + name, UInt32(BTF_KIND_TYPEDEF))
    while id > 0, let type = unsafe btf__type_by_id(btf, UInt32(id)) {
      switch unsafe Int(shim_btf_kind(type)) {
      case BTF_KIND_TYPEDEF, BTF_KIND_PTR: id = unsafe Int32(bitPattern: shim_btf_target(type))
      case BTF_KIND_FUNC_PROTO:
        return unsafe (0..<shim_btf_count(type)).map { unsafe kind(of: shim_btf_parameter(type, $0)) }
      default: return []
      }
    }
    return []
  }

  /// Returns whether a structure has a member.
  package func structure(_ name: String, hasMember member: String) -> Bool {
    let id = unsafe btf__find_by_name_kind(btf, name, UInt32(BTF_KIND_STRUCT))
    guard id > 0, let type = unsafe btf__type_by_id(btf, UInt32(id)) else { return false }
    return unsafe (0..<shim_btf_count(type)).contains { index in
      unsafe btf__name_by_offset(btf, shim_btf_member_name(type, index))
        .map { unsafe String(cString: $0) == member } ?? false
    }
  }

  private func has(_ kind: Int, _ name: String) -> Bool {
    unsafe btf__find_by_name_kind(btf, name, UInt32(kind)) > 0
  }

  private func kind(of type: UInt32) -> Kind {
    switch unsafe btf__type_by_id(btf, type).map({ unsafe Int(shim_btf_kind($0)) }) {
    case BTF_KIND_PTR: .pointer
    case BTF_KIND_INT: .integer
    default: .other
    }
  }
}
