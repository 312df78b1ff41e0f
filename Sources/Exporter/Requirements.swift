// SPDX-License-Identifier: Apache-2.0

import Platform

/// Checks this machine and this process for missing requirements before anything is loaded.
enum Requirements {
  /// The inum of the initial PID namespace on every Linux: PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h.
  private static let initialPIDNamespace = "pid:[4026531836]"

  /// CAP_SYS_ADMIN, CAP_PERFMON and CAP_BPF of include/uapi/linux/capability.h.
  private static let sysAdmin = 21
  private static let perfmon = 38
  private static let bpf = 39

  /// Throws for the first missing requirement, in the order in which a user would fix them.
  ///
  /// - Returns: The inum of the PID namespace outside which nothing is counted; nil if all are counted.
  static func check(_ scope: NamespaceScope) throws(ExporterError) -> UInt32? {
    try checkKernel(release: Kernel.release)
    guard ProcFile.isReadable("/sys/kernel/btf/vmlinux") else {
      throw ExporterError(
        "the kernel's type information (BTF) is missing: no /sys/kernel/btf/vmlinux; "
          + "run a kernel that is built with CONFIG_DEBUG_INFO_BTF=y")
    }
    try checkCapabilities(status: ProcFile.read("/proc/self/status") ?? "")
    return try outermost(of: scope, namespace: ProcFile.link("/proc/self/ns/pid"))
  }

  /// Throws outside of the host's PID namespace, unless the flags allow it.
  ///
  /// - Parameter namespace: The target of /proc/self/ns/pid.
  static func outermost(of scope: NamespaceScope, namespace: String?) throws(ExporterError) -> UInt32? {
    if namespace == initialPIDNamespace { return nil }
    guard scope == .own else {
      throw ExporterError(
        "not in the host's pid namespace, so the kernel hides processes outside \(namespace ?? "this one"); "
          + "run it on the host, with hostPID: true (Kubernetes) or with --pid=host (Docker); "
          + "if that is set already, the node is itself a container (kind, minikube): add --namespaces.scope=own"
      )
    }
    guard let inum = namespace?.wholeMatch(of: /pid:\[([0-9]+)\]/).flatMap({ UInt32($0.1) }) else {
      throw ExporterError(
        "cannot read /proc/self/ns/pid, so the pid namespace is unknown; mount /proc")
    }
    return inum
  }

  /// Throws for a kernel before 5.10, which cannot load the programs.
  static func checkKernel(release: String) throws(ExporterError) {
    let numbers = release.split { $0 == "." || $0 == "-" }.prefix(2).map { Int($0) ?? 0 }
    if numbers.lexicographicallyPrecedes([5, 10]) {
      throw ExporterError("Linux \(release) is too old; run Linux 5.10 or later")
    }
  }

  /// Throws for capabilities that are not in effect, by /proc/self/status.
  static func checkCapabilities(status: String) throws(ExporterError) {
    let effective =
      ProcFile.value(of: "CapEff:", in: status).flatMap { UInt64($0, radix: 16) } ?? 0
    func has(_ capability: Int) -> Bool { effective >> UInt64(capability) & 1 == 1 }
    guard !has(sysAdmin) else { return }
    let missing = [(bpf, "CAP_BPF"), (perfmon, "CAP_PERFMON")].filter { !has($0.0) }.map(\.1)
    guard !missing.isEmpty else { return }
    throw ExporterError(
      "\(missing.joined(separator: " and ")) missing, which are required to load BPF programs; "
        + "run it as root, or give it CAP_BPF and CAP_PERFMON")
  }
}
