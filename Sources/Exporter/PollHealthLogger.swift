// SPDX-License-Identifier: Apache-2.0

import Logging
import Namespaces
import Probe

/// Tells the log what changed for the worse or for the better between polls; each loss once.
struct PollHealthLogger {
  private var failing = false
  private var reported: Set<DropReason> = []
  private var reportedLimit = false
  private var reportedMisses = false
  private var reportedDetails = false

  /// Compares a poll with those before.
  mutating func look(at snapshot: Snapshot, _ logger: Logger) {
    if let failure = snapshot.failure {
      if !failing {
        logger.error("Poll failed; showing what the last good one found", metadata: ["error": "\(failure)"])
      }
    } else if failing {
      logger.info("Polls succeed again")
    }
    failing = snapshot.failure != nil

    for reason in DropReason.allCases {
      guard let dropped = snapshot.node.dropped[reason], dropped.total > 0 else { continue }
      guard reported.insert(reason).inserted else { continue }
      logger.warning(
        "Events of some PID namespaces are only in the node totals\(reason.advice); said once, see pidns_bpf_events_dropped_total",
        metadata: ["reason": "\(reason.rawValue)"])
    }
    if snapshot.node.detailsDropped > 0 && !reportedDetails {
      reportedDetails = true
      logger.warning(
        "Some exit codes or failed execs are not counted by kind; raise --bpf.map-entries; said once, see pidns_bpf_details_dropped_total"
      )
    }
    if snapshot.refused > 0 && !reportedLimit {
      reportedLimit = true
      logger.warning(
        "Some PID namespaces are not exposed; raise --namespaces.max; said once, see pidns_namespaces_dropped_total"
      )
    }
    if !reportedMisses, let missed = snapshot.programs.skippedEvent {
      reportedMisses = true
      logger.warning(
        "The kernel skipped runs of a BPF program, whose events may be in no count; said once, see pidns_bpf_program_misses_total",
        metadata: ["program": "\(missed)"])
    }
  }
}

extension DropReason {
  fileprivate var advice: String {
    switch self {
    case .mapFull: "; raise --bpf.map-entries"
    case .noMemory, .busy, .other: ""
    }
  }
}
