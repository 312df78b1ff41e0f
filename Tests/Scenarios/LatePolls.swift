// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Harness

/// An exporter that polls once an hour: what it shows gets older and older.
struct LatePolls: Scenario {
  static let name = "late-polls"
  let subject = Subject.instance(name)
  let alerts = [ExpectedAlert("PidnsPollsLate", delay: 60)]
  let began: Date?
  private let exporter: RunningExporter

  init(in bed: Bed) throws {
    exporter = try bed.start(exporter: Self.name, [Bed.showsNone, "--poll.interval=1h"])
    began = Date()
  }

  var sayings: [Saying] {
    [Saying(panel: "exporter: Age of what is shown: A", in: 60...Double(Bed.lifetime))]
  }
}
