// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// An exporter that may open no more files, as each poll has to, but answers Prometheus on the connection that they have.
struct FailingPolls: Scenario {
  static let name = "failing-polls"
  let subject = Subject.instance(name)
  let alerts = [ExpectedAlert("PidnsNotCounting")]
  private(set) var began: Date?
  private let exporter: RunningExporter
  private let bed: Bed

  init(in bed: Bed) throws {
    self.bed = bed
    exporter = try bed.start(exporter: Self.name, [Bed.showsNone])
  }

  mutating func goOn() throws {
    guard began == nil, try bed.isScraped(Self.name) else { return }
    began = Date()
    let pid = exporter.child.pid
    let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap { Int($0) }
    // The lowest number that is free is the one that the next file would get.
    let free = (0...open.count).first { !open.contains($0) } ?? open.count
    let done = try Child.run("/usr/bin/prlimit", ["--pid", "\(pid)", "--nofile=\(free):\(free)"])
    guard done.status == 0 else { throw TestFailure(done.stderr) }
  }

  var sayings: [Saying] {
    [
      Saying("up{\(subject.selector)}", is: 1), Saying("pidns_up{\(subject.selector)}", is: 0),
      Saying(panel: "exporter: Not counting: A", is: 1),
    ]
  }
}
