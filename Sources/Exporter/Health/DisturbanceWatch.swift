// SPDX-License-Identifier: Apache-2.0

import Logging
import Namespaces
import Platform

/// Notices disturbances between polls: logs and counts them, and remembers those of the last minutes.
struct DisturbanceWatch {
  private let interval: Duration
  private var clocks = ClockWatch()
  private var cpus: String?
  private var polls = 0
  private var times: [Disturbance: ContinuousClock.Instant] = [:]

  /// The number of each since the start.
  private(set) var counts: [Disturbance: UInt64] = [:]

  /// Polls between two looks at the CPUs.
  private static let pollsPerLook = 60
  /// For how long `recent` has a disturbance.
  static let memory = Duration.seconds(300)

  /// - Parameter interval: The time between two polls.
  init(interval: Duration) { self.interval = interval }

  /// Looks for disturbances since the last call.
  ///
  /// - Parameters:
  ///   - now: The clocks.
  ///   - onlineCPUs: Reads the list of CPUs that are online, such as `0-3`.
  mutating func check(
    _ logger: Logger, _ now: ClockWatch.Reading = .now, at instant: ContinuousClock.Instant = .now,
    onlineCPUs: () -> String? = Self.onlineCPUs
  ) {
    var found: [Disturbance] = []
    for finding in clocks.compare(with: now, interval: interval) {
      ClockWatch.log(finding, logger)
      found.append(finding.disturbance)
    }
    if polls % Self.pollsPerLook == 0, haveCPUsChanged(onlineCPUs(), logger) { found.append(.cpusChanged) }
    polls += 1
    for disturbance in found {
      counts[disturbance, default: 0] += 1
      times[disturbance] = instant
    }
  }

  /// The disturbances of the last five minutes.
  func recent(at now: ContinuousClock.Instant = .now) -> [Disturbance] {
    Disturbance.allCases.filter { times[$0].map { now - $0 < Self.memory } ?? false }
  }

  /// The maps have room for every CPU that there can be, and the counts of one that goes offline stay in them.
  private mutating func haveCPUsChanged(_ now: String?, _ logger: Logger) -> Bool {
    guard let now else { return false }
    defer { cpus = now }
    guard let cpus, now != cpus else { return false }
    logger.info(
      "CPUs went online or offline; counts are not affected",
      metadata: ["online": "\(now)", "before": "\(cpus)"])
    return true
  }

  private static func onlineCPUs() -> String? {
    ProcFile.read("/sys/devices/system/cpu/online").map { $0.last == "\n" ? String($0.dropLast()) : $0 }
  }
}

extension ClockWatch.Finding {
  fileprivate var disturbance: Disturbance {
    switch self {
    case .clockSet: .clockSet
    case .suspended: .suspended
    case .late: .latePoll
    }
  }
}
