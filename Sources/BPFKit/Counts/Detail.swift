// SPDX-License-Identifier: Apache-2.0

internal import CPidns

/// What happens seldom and in many kinds, and is counted by kind.
public enum Detail: Hashable, Sendable {
  /// A process that a signal ended, by the signal's number; teardown is left out.
  case signalDeath(Int32)
  /// A process that exited, by its status.
  case exitCode(UInt8)
  /// A failed execve or execveat, by errno.
  case execFailure(Int32)

  init?(_ detail: pidns_detail) {
    switch pidns_detail_kind(detail.kind) {
    case PIDNS_SIGNAL_DEATH: self = .signalDeath(Int32(truncatingIfNeeded: detail.value))
    case PIDNS_EXIT_CODE: self = .exitCode(UInt8(truncatingIfNeeded: detail.value))
    case PIDNS_EXEC_FAILURE: self = .execFailure(Int32(truncatingIfNeeded: detail.value))
    default: return nil
    }
  }

  func key(in namespace: PIDNamespace) -> pidns_detail {
    let (kind, value) =
      switch self {
      case .signalDeath(let signal): (PIDNS_SIGNAL_DEATH, UInt32(bitPattern: signal))
      case .exitCode(let code): (PIDNS_EXIT_CODE, UInt32(code))
      case .execFailure(let errno): (PIDNS_EXEC_FAILURE, UInt32(bitPattern: errno))
      }
    return pidns_detail(namespace: namespace.key, kind: kind.rawValue, value: value)
  }
}
