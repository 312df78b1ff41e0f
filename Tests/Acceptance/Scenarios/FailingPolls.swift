// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// An exporter runs out of file descriptors, so its polls fail; it still responds on Prometheus' open connection.
struct FailingPolls: Scenario {
  static let name = "failing-polls"
  let subject = Subject.instance(name)
  let alerts = [ExpectedAlert("PidnsNotCounting")]
  var began: Date? { exporter.failed }
  private var exporter: FailingExporter

  init(in environment: ScenarioEnvironment) throws {
    exporter = try FailingExporter(Self.name, in: environment)
  }

  mutating func advance() async throws {
    try await exporter.failOnceScraped { exporter in
      let pid = exporter.child.pid
      let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap { Int($0) }
      // The next file would get the lowest free descriptor.
      let free = (0...open.count).first { !open.contains($0) } ?? open.count
      let done = try Child.run("/usr/bin/prlimit", ["--pid", "\(pid)", "--nofile=\(free):\(free)"])
      guard done.status == 0 else { throw TestFailure(done.stderr) }
    }
  }

  var expectations: [QueryExpectation] {
    [
      QueryExpectation("up{\(subject.selector)}", is: 1),
      QueryExpectation("pidns_up{\(subject.selector)}", is: 0),
      QueryExpectation(panel: "exporter: Not counting: A", is: 1),
    ]
  }
}
