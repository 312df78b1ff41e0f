// SPDX-License-Identifier: Apache-2.0

internal import Linux

/// Says, before anything is loaded, what this machine or this process lacks.
enum Requirements {
  /// The first and only inum that the initial pid namespace has: PROC_PID_INIT_INO of the kernel's
  /// include/linux/proc_ns.h.
  private static let initialPIDNamespace = "pid:[4026531836]"

  /// CAP_SYS_ADMIN, CAP_PERFMON and CAP_BPF of include/uapi/linux/capability.h.
  private static let sysAdmin = 21
  private static let perfmon = 38
  private static let bpf = 39

  /// Throws for the first thing that is missing, in the order in which a person would mend it.
  static func check() throws(ExporterError) {
    try checkKernel(release: Kernel.release)
    guard ProcFile.isReadable("/sys/kernel/btf/vmlinux") else {
      throw ExporterError(
        "the kernel's type information, /sys/kernel/btf/vmlinux, is not there; "
          + "run a kernel that is built with CONFIG_DEBUG_INFO_BTF=y")
    }
    try checkCapabilities(status: ProcFile.read("/proc/self/status") ?? "")
    guard ProcFile.link("/proc/self/ns/pid") == initialPIDNamespace else {
      throw ExporterError(
        "this is not the host's pid namespace, and the kernel shows the host's processes only there; "
          + "run it on the host, or with hostPID: true (Kubernetes) or --pid=host")
    }
  }

  /// Throws for a kernel before 5.10, which cannot load the programs.
  static func checkKernel(release: String) throws(ExporterError) {
    let numbers = release.split { $0 == "." || $0 == "-" }.prefix(2).map { Int($0) ?? 0 }
    if numbers.lexicographicallyPrecedes([5, 10]) {
      throw ExporterError("Linux \(release) is too old; run Linux 5.10 or newer")
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
      "\(missing.joined(separator: " and ")) missing, without which nobody may load BPF programs; "
        + "run it as root, or give it CAP_BPF and CAP_PERFMON")
  }
}
