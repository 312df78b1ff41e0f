// SPDX-License-Identifier: Apache-2.0

import CPidns

/// The process of an event: the latest of its kind in a namespace.
package struct ProcessExemplar: Equatable, Sendable {
  /// The kind of event.
  package enum Kind: Hashable, Sendable {
    case exec
    case exit(ExitReason)
    /// A death by a signal, by the signal's number. If it is the latest exit, the exemplar of the exit names the same
    /// process.
    case signalDeath(Int32)
    case oomKill
  }

  /// The kind of its event.
  package var kind: Kind
  /// When, in nanoseconds since boot.
  package var time: UInt64
  /// The result of its own `getpid()`.
  package var pid: UInt32
  /// Its pid on the host.
  package var hostPID: UInt32
  /// The result of its own `getppid()`: 0 if its parent is outside its namespace.
  package var ppid: UInt32
  /// The comm of its first thread, at most 15 bytes. Untrusted text; each invalid UTF-8 byte is replaced by a
  /// character.
  package var comm: String

  /// Describes a process.
  package init(_ kind: Kind, time: UInt64, pid: UInt32, hostPID: UInt32, ppid: UInt32, comm: String) {
    self.kind = kind
    self.time = time
    self.pid = pid
    self.hostPID = hostPID
    self.ppid = ppid
    self.comm = comm
  }

  /// Copies an exemplar of the BPF programs; nil if the read was torn, or if there is none.
  init?(_ kind: Kind, _ exemplar: pidns_exemplar) {
    guard exemplar.time > 0, exemplar.isWhole else { return nil }
    let comm = unsafe withUnsafeBytes(of: exemplar.comm) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    self.init(
      kind, time: exemplar.time, pid: exemplar.pid, hostPID: exemplar.host_pid, ppid: exemplar.ppid,
      comm: comm)
  }
}

extension pidns_exemplar {
  /// Whether its checksum is right: one program wrote all of it, and it is no mixture of two.
  var isWhole: Bool {
    var copy = self
    return unsafe exemplar_sum(&copy) == sum
  }
}
