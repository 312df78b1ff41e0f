// SPDX-License-Identifier: Apache-2.0

import Containers
import Logging
import Namespaces
import Probe

/// Logs problems and recoveries between polls; each loss of events once.
struct PollHealthLogger {
  private var failing = false
  private var failsToSave = false
  private var failsToCount = false
  private var lacksPins = false
  /// The errors of the pod watch when it was healthy last; nil before, and while its silence is reported.
  private var errorsOfWatch: UInt64?
  private var watchIsSilent = false
  private var reported: Set<DropReason> = []
  private var reportedLimit = false
  private var reportedMisses = false
  private var reportedDetails = false
  private var reportedCgroups = false

  /// Compares a poll with the previous ones, and logs the differences.
  mutating func report(_ snapshot: Snapshot, _ logger: Logger) {
    if let failure = snapshot.failure {
      if !failing {
        logger.error(
          "poll failed; serving the last successful poll until one succeeds; if this lasts, raise the limit that the error names",
          metadata: ["error": "\(failure)"])
      }
    } else if failing {
      logger.info("polls succeed again")
    }
    failing = snapshot.failure != nil

    if let failure = snapshot.state?.failure {
      if !failsToSave {
        logger.error(
          "state not written; series may go down at the next start, and entries of ended PID namespaces stay in the kernel while there is room; free space on its disk, or make its folder writable",
          metadata: ["error": "\(failure)"])
      }
    } else if failsToSave {
      logger.info("state is written again")
    }
    failsToSave = snapshot.state?.failure != nil

    reportCounting(snapshot, logger)
    for reason in DropReason.allCases {
      guard let dropped = snapshot.node.dropped[reason], dropped.total > 0 else { continue }
      guard reported.insert(reason).inserted else { continue }
      logger.warning(
        "events of some PID namespaces are only in the node totals\(reason.advice); logged once, see pidns_bpf_events_dropped_total",
        metadata: ["reason": "\(reason.rawValue)"])
    }
    if snapshot.node.detailsDropped > 0 && !reportedDetails {
      reportedDetails = true
      logger.warning(
        "some exit codes, exec failures or signal deaths are not counted by kind; raise --bpf.map-entries; logged once, see pidns_bpf_details_dropped_total"
      )
    }
    if snapshot.node.partsRefused > 0 && !reportedCgroups {
      reportedCgroups = true
      logger.warning(
        "processes of some cgroups are counted with their PID namespace; raise --cgroups.max, and --bpf.map-entries to at least four times it; logged once, see pidns_cgroups_dropped_total"
      )
    }
    if snapshot.refused > 0 && !reportedLimit {
      reportedLimit = true
      logger.warning(
        "some PID namespaces, units or containers have no series of their own; raise --namespaces.max; logged once, see pidns_namespaces_dropped_total"
      )
    }
    if !reportedMisses, let missed = snapshot.programs.skippedEvent {
      reportedMisses = true
      logger.warning(
        "kernel skipped runs of a BPF program; some of its events may not be counted; if the number grows, report it with the output of uname -r; logged once, see pidns_bpf_program_misses_total",
        metadata: ["program": "\(missed)"])
    }
  }

  private mutating func reportCounting(_ snapshot: Snapshot, _ logger: Logger) {
    if !snapshot.isCounting && !failsToCount {
      logger.error(
        "BPF programs do not count new processes, and pidns_up is 0; find out who changes BPF maps or programs, and restart the exporter"
      )
    } else if snapshot.isCounting && failsToCount {
      logger.info("BPF programs count again")
    }
    failsToCount = !snapshot.isCounting

    if snapshot.lacksPins == true && !lacksPins {
      logger.error(
        "pins are missing, so counting will end with this process; find out who removes them or unmounts their file system, and restart the exporter"
      )
    } else if snapshot.lacksPins == false && lacksPins {
      logger.info("pins exist again")
    }
    lacksPins = snapshot.lacksPins == true

    guard let watch = snapshot.podWatch else { return }
    let errors = watch.errors.values.reduce(0, +)
    if watch.isHealthy {
      if watchIsSilent { logger.info("pod watch succeeds again") }
      (errorsOfWatch, watchIsSilent) = (errors, false)
    } else if errors == errorsOfWatch && !watchIsSilent {
      // The watch itself logs errors; this is one that hangs.
      watchIsSilent = true
      logger.error(
        "pod watch got no response in time; known names are kept; restart the exporter if this lasts"
      )
    }
  }
}

extension DropReason {
  fileprivate var advice: String {
    switch self {
    case .mapFull: "; raise --bpf.map-entries"
    case .noMemory: "; raise the memory limit"
    case .busy, .other: "; if the number grows, report it with the output of uname -r"
    }
  }
}
