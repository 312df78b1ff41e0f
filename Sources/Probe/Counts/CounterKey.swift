// SPDX-License-Identifier: Apache-2.0

import CPidns

/// The key of a rare event that is counted by kind.
package enum CounterKey: Hashable, Sendable {
  /// A process that a signal ended, by the signal's number; teardown is not included.
  case signalDeath(Int32)
  /// A process that exited, by its status.
  case exitCode(UInt8)
  /// A failed execve or execveat, by errno.
  case execFailure(Int32)

  /// Whether a signal ended the process.
  var isSignalDeath: Bool {
    if case .signalDeath = self { true } else { false }
  }

  init?(_ detail: DetailName) {
    switch pidns_detail_kind(detail.kind) {
    case PIDNS_SIGNAL_DEATH: self = .signalDeath(Int32(truncatingIfNeeded: detail.value))
    case PIDNS_EXIT_CODE: self = .exitCode(UInt8(truncatingIfNeeded: detail.value))
    case PIDNS_EXEC_FAILURE: self = .execFailure(Int32(truncatingIfNeeded: detail.value))
    default: return nil
    }
  }

  /// Its key in the map of signals, or in that of details.
  func key(in part: NamespacePart) -> pidns_detail {
    let kind: pidns_detail_kind
    let value: UInt32
    switch self {
    case .signalDeath(let signal): (kind, value) = (PIDNS_SIGNAL_DEATH, UInt32(bitPattern: signal))
    case .exitCode(let code): (kind, value) = (PIDNS_EXIT_CODE, UInt32(code))
    case .execFailure(let errno): (kind, value) = (PIDNS_EXEC_FAILURE, UInt32(bitPattern: errno))
    }
    return pidns_detail(part: part.key, kind: kind.rawValue, value: value)
  }
}
