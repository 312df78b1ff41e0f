// SPDX-License-Identifier: Apache-2.0

package import LibBPF
import Platform
import Probe

/// Why the exporter cannot run, in one line for users: what failed, why, and what to do.
package struct ExporterError: Error, Sendable, CustomStringConvertible {
  /// The line, without the program's name.
  package let description: String

  /// Creates an error with its reason.
  package init(_ description: String) { self.description = description }

  /// Describes why the BPF programs do not run, with advice.
  package init(_ error: BPFError) { self.init("\(error); \(error.advice ?? error.adviceByErrno)") }
}

extension BPFError {
  /// Advice for BPF programs that do not load. The capabilities were checked before.
  fileprivate var adviceByErrno: String {
    switch errno {
    case Errno.notPermitted:
      "allow bpf(): see seccomp (systemd: SystemCallFilter=), security modules, lockdown, and user namespaces (rootless containers); "
        + "before Linux 5.11 also raise the limit of locked memory (ulimit -l)"
    case Errno.noMemory, Errno.argumentListTooLong: "raise the memory limit, or lower --bpf.map-entries"
    default: "please report it, with the output of uname -r"
    }
  }
}
