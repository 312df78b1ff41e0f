// SPDX-License-Identifier: Apache-2.0

import Containers
import Logging
import Probe

/// What a pipeline logs at its start.
extension CounterPipeline {
  /// Logs what is counted and how, and what this kernel does not support.
  ///
  /// - Parameters:
  ///   - collectors: Those that count.
  ///   - isInherited: Whether an earlier process has loaded the programs.
  static func log(
    _ kernel: borrowing KernelCounters, _ configuration: Configuration, _ collectors: Set<Collector>,
    isInherited: Bool, _ logger: Logger
  ) {
    let scope = configuration.kernel.outermost == nil ? NamespaceScope.host : .own
    logger.info(
      "counting",
      metadata: [
        "exit_detection": "\(kernel.exitDetection.rawValue)",
        "programs_per_event": "\(kernel.attempts)",
        "map_entries": "\(configuration.kernel.mapEntries)",
        "map_allocation": kernel.allocatesOnDemand ? "on-demand" : "at-start",
        "collectors": "\(collectors.map(\.rawValue).sorted().joined(separator: ","))",
        "scope": "\(scope.rawValue)",
        "programs": isInherited ? "inherited" : "loaded",
      ])
    logPrograms(kernel, logger)
    for (collector, reason) in kernel.unavailable.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      logger.warning(
        "collector not supported by this kernel; continuing without it; to avoid this line, disable it with --no-collector.NAME",
        metadata: ["collector": "\(collector.rawValue)", "error": "\(reason)"])
    }
    if !kernel.readsIdentities {
      logger.warning(
        "kernel lockdown forbids reading memory by address; containers have no names, counts are complete; boot without lockdown=confidentiality to have names"
      )
    }
  }

  /// Logs what the verifier did with each program, which differs by kernel.
  private static func logPrograms(_ kernel: borrowing KernelCounters, _ logger: Logger) {
    guard logger.logLevel <= .debug, let programs = try? kernel.programs() else { return }
    for program in programs where program.isAttached {
      logger.debug(
        "verified",
        metadata: ["program": "\(program.program)", "instructions": "\(program.verifiedInstructions)"])
    }
  }

  /// Follows the files of Docker and podman, if configured; nil and a warning where that is not possible.
  static func watchNames(_ configuration: Configuration, _ logger: Logger) -> LocalNameWatch? {
    guard let names = configuration.localNames else { return nil }
    let watch = LocalNameWatch(names)
    if watch == nil {
      logger.warning(
        "files with names of containers cannot be followed; short-lived containers of Docker and podman may have no names, and renamed ones keep theirs; raise fs.inotify.max_user_instances or the limits of threads and descriptors"
      )
    }
    return watch
  }
}
