// SPDX-License-Identifier: Apache-2.0

import Logging
import Namespaces
import Platform
import Probe

/// Watches the exporter itself, beside its polls. Used by the polling thread only.
struct SelfWatch: ~Copyable {
  private let monitor: PollingMonitor
  private let interval: Duration
  private var service: ServiceReporter?
  private var clocks = ClockWatch()
  private var counting = CountingCheck()
  private var healthLogger = PollHealthLogger()
  private var cpus: String?
  private var polls = 0

  /// - Parameter interval: The time between two polls.
  init(_ monitor: PollingMonitor, interval: Duration, service: consuming ServiceReporter?) {
    self.monitor = monitor
    self.interval = interval
    self.service = service
  }

  /// Checks a poll: adds to the snapshot whether the programs count and pins exist, and logs and reports problems.
  ///
  /// - Parameters:
  ///   - pins: nil without pins.
  ///   - countsAll: Whether the counts include all of the machine.
  mutating func check(
    _ snapshot: inout Snapshot, _ pins: inout PinWatch?, countsAll: Bool, _ logger: Logger
  ) {
    if snapshot.failure == nil && countsAll {
      counting.compare(
        counted: snapshot.node.total.counts.forks &+ snapshot.node.total.counts.threadStarts,
        kernelForks: CountingCheck.kernelForks, startThread: { Thread.start {} })
    }
    snapshot.isCounting = counting.isCounting
    pins?.check()
    snapshot.lacksPins = pins?.isMissing
    for finding in clocks.compare(with: .now, interval: interval) { ClockWatch.log(finding, logger) }
    if polls % 60 == 0 { compareCPUs(logger) }
    polls += 1
    healthLogger.report(snapshot, logger)
    let problems = HealthReport.problems(of: snapshot)
    monitor.record(problems)
    service?.report(isReady: snapshot.number > 0, status: HealthReport.line(problems))
  }

  /// The maps have room for every CPU that there can be, and the counts of one that goes offline stay in them.
  private mutating func compareCPUs(_ logger: Logger) {
    let now = ProcFile.read("/sys/devices/system/cpu/online")?.trimmingLineEnd
    if let now, let cpus, now != cpus {
      logger.info(
        "CPUs went online or offline; counts are not affected",
        metadata: ["online": "\(now)", "before": "\(cpus)"])
    }
    cpus = now ?? cpus
  }

  /// Shows that the polling thread runs. Call it at least once in ``longestPause``.
  mutating func heartbeat() {
    monitor.recordHeartbeat()
    service?.sendHeartbeat()
  }

  /// The longest pause between two heartbeats.
  var longestPause: Duration {
    switch service {
    case .some(let service): min(.seconds(10), service.interval ?? .seconds(10))
    case .none: .seconds(10)
    }
  }

  /// Reports to the service manager that the process is about to end.
  func stop() { service?.stop() }
}

extension String {
  fileprivate var trimmingLineEnd: String { last == "\n" ? String(dropLast()) : self }
}
