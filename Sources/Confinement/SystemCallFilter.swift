// SPDX-License-Identifier: Apache-2.0

import CConfinement
import Glibc

/// Restricts the system calls of the process by a seccomp filter, which libseccomp builds.
///
/// A denied system call fails with EPERM, and does not kill the exporter: a new version of a library may try one that
/// it does not need, and a dead exporter counts nothing.
enum SystemCallFilter {
  private static let library = "libseccomp.so.2"

  /// Installs a filter that allows only the system calls of the rules.
  ///
  /// - Returns: false if the kernel has no seccomp, or another program forbids it.
  /// - Throws: `ConfinementError` if libseccomp is missing or refuses a rule.
  static func allowOnly(_ rules: [SystemCallRule]) throws(ConfinementError) -> Bool {
    try install(otherwise: CConfinement_fail_with(EPERM), rules, action: UInt32(SCMP_ACT_ALLOW))
  }

  /// Installs a filter that denies the system calls of the rules, and allows all others.
  static func deny(_ rules: [SystemCallRule]) throws(ConfinementError) -> Bool {
    try install(otherwise: UInt32(SCMP_ACT_ALLOW), rules, action: CConfinement_fail_with(EPERM))
  }

  private static func install(
    otherwise: UInt32, _ rules: [SystemCallRule], action: UInt32
  ) throws(ConfinementError) -> Bool {
    // Loaded only while the filter is built: its 129 KB are never needed again.
    guard let handle = unsafe dlopen(library, RTLD_NOW | RTLD_LOCAL) else {
      throw ConfinementError("\(library) cannot be loaded: install libseccomp2")
    }
    defer { _ = unsafe dlclose(handle) }
    var functions = CConfinement_Library()
    if let name = unsafe CConfinement_resolve(handle, &functions) {
      throw ConfinementError(
        "libseccomp has no \(unsafe String(cString: name)): install version 2.5 or later")
    }
    guard let filter = unsafe functions.make(otherwise) else {
      throw ConfinementError("libseccomp cannot make a filter: free memory")
    }
    defer { unsafe functions.release(filter) }

    // For all threads, though there should be only this one.
    _ = unsafe functions.attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1)
    // A binary search: libseccomp 2.5.
    _ = unsafe functions.attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2)
    // System calls of another architecture, such as 32-bit ones.
    _ = unsafe functions.attr_set(filter, SCMP_FLTATR_ACT_BADARCH, CConfinement_fail_with(EPERM))
    for rule in rules {
      for name in rule.names { try unsafe add(name, rule.conditions, action, functions, filter) }
    }
    for name in SystemCallTable.missing {
      try unsafe add(name, [], CConfinement_fail_with(ENOSYS), functions, filter)
    }
    let result = unsafe functions.load(filter)
    // The kernel has no seccomp, or a filter of the container runtime or of systemd forbids it.
    if [-EINVAL, -ENOSYS, -EPERM, -EACCES].contains(result) { return false }
    try check("load the seccomp filter", result)
    return true
  }

  private static func add(
    _ name: String, _ conditions: [SystemCallRule.Condition], _ action: UInt32,
    _ functions: CConfinement_Library, _ filter: scmp_filter_ctx
  ) throws(ConfinementError) {
    let number = unsafe functions.resolve_name(name)
    // Unknown to this libseccomp, or not a system call of this architecture.
    guard number >= 0 else { return }
    let comparisons = conditions.map {
      scmp_arg_cmp(arg: $0.argument, op: SCMP_CMP_MASKED_EQ, datum_a: $0.mask, datum_b: $0.value)
    }
    let result = unsafe comparisons.withUnsafeBufferPointer {
      unsafe functions.rule_add_array(filter, action, number, UInt32($0.count), $0.baseAddress)
    }
    // -EACCES: the rule is the default action already.
    if result == -EACCES { return }
    try check("add \(name) to the seccomp filter", result)
  }
}
