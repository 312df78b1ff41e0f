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
    case PIDNS_EXIT_CODE: self = .exitCode(UInt8(truncatingIfNeeded: detail.value))
    case PIDNS_EXEC_FAILURE: self = .execFailure(Int32(truncatingIfNeeded: detail.value))
    default: return nil
    }
  }

  /// The signals that have ended processes.
  static func signalDeaths(in exits: pidns_exits) -> [CounterKey: UInt64] {
    var deaths: [CounterKey: UInt64] = [:]
    // The reason of each of them was counted first.
    guard exits.by_reason.2 > 0 else { return deaths }
    // A C array of as many 64-bit counters; the first is that of signal 1.
    let counts = unsafe unsafeBitCast(exits.signals, to: InlineArray<64, UInt64>.self)
    for index in counts.indices where counts[index] > 0 {
      deaths[.signalDeath(Int32(index + 1))] = counts[index]
    }
    return deaths
  }

  /// Its key in the map of details; nil for signals: the exits contain them.
  func key(in part: NamespacePart) -> pidns_detail? {
    let kind: pidns_detail_kind
    let value: UInt32
    switch self {
    case .signalDeath: return nil
    case .exitCode(let code): (kind, value) = (PIDNS_EXIT_CODE, UInt32(code))
    case .execFailure(let errno): (kind, value) = (PIDNS_EXEC_FAILURE, UInt32(bitPattern: errno))
    }
    return pidns_detail(part: part.key, kind: kind.rawValue, value: value)
  }

  /// Its key in the map of exemplars; nil for all but signals.
  func exemplarKey(in part: NamespacePart) -> pidns_detail? {
    guard case .signalDeath(let signal) = self else { return nil }
    return pidns_detail(
      part: part.key, kind: PIDNS_SIGNAL_DEATH.rawValue, value: UInt32(bitPattern: signal))
  }
}
