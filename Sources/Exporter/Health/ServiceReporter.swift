// SPDX-License-Identifier: Apache-2.0

import Logging
import Platform

/// Reports to the service manager: readiness, heartbeats of the polling thread, the state in words.
struct ServiceReporter: ~Copyable {
  private let manager: ServiceManager
  private var isReady = false
  private var status = ""
  private var nextHeartbeat = SuspendingClock.now

  /// Connects to the service manager. Call it before the process is confined.
  ///
  /// - Returns: nil if none has started this process, or if it cannot be reached.
  static func connect(_ logger: Logger) -> ServiceReporter? {
    do throws(ServiceManager.Failure) {
      guard let manager = try ServiceManager.fromEnvironment() else { return nil }
      return ServiceReporter(manager)
    } catch {
      logger.warning(
        "service manager cannot be notified; a service of Type=notify will not become ready, use Type=exec",
        metadata: ["error": "\(error)"])
      return nil
    }
  }

  init(_ manager: consuming ServiceManager) { self.manager = manager }

  /// Reports a poll.
  ///
  /// - Parameter isReady: Whether one has succeeded.
  mutating func report(isReady: Bool, status: String) {
    // If the manager does not receive it now, it is sent after the next poll.
    if isReady && !self.isReady && manager.send("READY=1\nSTATUS=\(status)") {
      self.isReady = true
      self.status = status
    }
    if status != self.status && manager.send("STATUS=\(status)") { self.status = status }
    sendHeartbeat()
  }

  /// Sends a heartbeat, if one is due: four in the time that the manager waits.
  mutating func sendHeartbeat() {
    guard let watchdog = manager.watchdog, SuspendingClock.now >= nextHeartbeat else { return }
    if manager.send("WATCHDOG=1") { nextHeartbeat = .now + watchdog / 4 }
  }

  /// The longest time between two calls of ``sendHeartbeat()``; nil if the manager does not watch.
  var interval: Duration? { manager.watchdog.map { $0 / 4 } }

  /// Reports that the process is about to end.
  func stop() { _ = manager.send("STOPPING=1\nSTATUS=Stopping") }
}
