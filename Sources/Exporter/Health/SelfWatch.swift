// SPDX-License-Identifier: Apache-2.0

import Logging
import Namespaces
import Platform
import Probe

/// Watches the exporter itself, beside its polls. Used by the polling thread only.
struct SelfWatch: ~Copyable {
  private let monitor: PollingMonitor
  private var service: ServiceReporter?
  private var disturbances: DisturbanceWatch
  private var counting = CountingCheck()
  private var healthLogger = PollHealthLogger()

  /// - Parameter interval: The time between two polls.
  init(_ monitor: PollingMonitor, interval: Duration, service: consuming ServiceReporter?) {
    self.monitor = monitor
    disturbances = DisturbanceWatch(interval: interval)
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
    disturbances.check(logger)
    snapshot.disturbances = disturbances.counts
    healthLogger.report(snapshot, logger)
    let line = HealthReport.line(HealthReport.problems(of: snapshot), recent: disturbances.recent())
    monitor.record(line)
    service?.report(isReady: snapshot.number > 0, status: line)
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
