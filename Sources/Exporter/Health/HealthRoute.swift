// SPDX-License-Identifier: Apache-2.0

import LibBPF
import Logging
import MetricsHTTP
import Namespaces
import Synchronization

/// Answers `/-/healthy`, and has pages show that polling has stopped: the polling thread cannot.
final class HealthRoute: Sendable {
  private let publications: PublicationStore
  /// nil if no thread polls.
  private let monitor: PollingMonitor?
  private let logger: Logger?
  private let wasLogged = Mutex(false)

  init(publications: PublicationStore, monitor: PollingMonitor? = nil, logger: Logger? = nil) {
    self.publications = publications
    self.monitor = monitor
    self.logger = logger
  }

  /// Returns 503 if polling has stopped, and 200 otherwise, with a line about problems.
  func answer() -> Response {
    let (line, status) = state()
    return Response(
      status: status, contentType: "text/plain; charset=utf-8", body: Array("\(line).\n".utf8))
  }

  /// The line and the status of the answer.
  func state() -> (line: String, status: Int) {
    if let silence = silence() { return (HealthReport.line(stopped: silence), 503) }
    return (monitor?.line ?? HealthReport.line([]), 200)
  }

  /// Has the last snapshot show that polling has stopped, if it has.
  func markIfStopped() {
    guard silence() != nil, let current = publications.newest,
      current.snapshot.failure?.operation != Self.reason
    else { return }
    publications.replace(
      current, with: current.failing(BPFError(refusing: Self.reason, advice: "restart the exporter")))
  }

  private static let reason = "polling has stopped"

  private func silence() -> Duration? {
    let silence = monitor?.stopped
    let isNew = wasLogged.withLock { was in
      defer { was = silence != nil }
      return was != (silence != nil)
    }
    if isNew {
      if let silence {
        logger?.error(
          "polling has stopped; serving the last poll, and pidns_up is 0; restart the exporter, as a liveness probe or a watchdog does",
          metadata: ["seconds": "\(silence.components.seconds)"])
      } else {
        logger?.info("polling continues")
      }
    }
    return silence
  }
}
