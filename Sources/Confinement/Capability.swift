// SPDX-License-Identifier: Apache-2.0

/// A set of Linux capabilities (capabilities(7)).
package struct Capabilities: OptionSet, Sendable, Hashable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Reads files and folders of all users.
  package static let readSearch = Capabilities(rawValue: 1 << 2)
  /// Removes capabilities from the bounding set.
  static let setPCap = Capabilities(rawValue: 1 << 8)
  /// Replaces CAP_BPF for a process that has only this one.
  static let sysAdmin = Capabilities(rawValue: 1 << 21)
  /// Calls bpf() if unprivileged processes may not.
  static let bpf = Capabilities(rawValue: 1 << 39)

  /// By number: include/uapi/linux/capability.h.
  private static let names = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
  ]

  /// Parses a name such as `CAP_DAC_READ_SEARCH`, in upper or lower case; nil for another text.
  package init?(name: String) {
    let upper = name.uppercased()
    guard upper.hasPrefix("CAP_"), let number = Self.names.firstIndex(of: String(upper.dropFirst(4))) else {
      return nil
    }
    self.init(rawValue: 1 << UInt64(number))
  }

  /// The names, in the order of their numbers.
  package var names: [String] {
    (0..<64).filter { rawValue >> UInt64($0) & 1 == 1 }.map { number in
      number < Self.names.count ? "CAP_\(Self.names[number])" : "\(number)"
    }
  }
}
