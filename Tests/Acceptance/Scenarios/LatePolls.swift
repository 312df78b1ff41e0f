// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// An exporter that polls once in five minutes: what it shows gets as old.
struct LatePolls: Scenario {
  static let name = "late-polls"
  let subject = Subject.instance(name)
  let alerts = [ExpectedAlert("PidnsPollsLate", delay: 60)]
  let began: Date?
  private let exporter: RunningExporter

  init(in bed: Bed) throws {
    exporter = try bed.start(exporter: Self.name, [Bed.showsNone, "--poll.interval=5m"])
    began = Date()
  }

  var sayings: [Saying] {
    let end = "pidns_last_poll_timestamp_seconds{\(subject.selector)}"
    return [Saying("max_over_time((timestamp(\(end)) - \(end))[5m:5s])", in: 60...310)]
  }
}
