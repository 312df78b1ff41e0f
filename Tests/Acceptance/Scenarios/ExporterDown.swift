// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// An exporter is killed.
struct ExporterDown: Scenario {
  static let name = "exporter-down"
  let subject = Subject.instance(name)
  let alerts = [ExpectedAlert("PidnsExporterDown")]
  var began: Date? { exporter.failed }
  private var exporter: FailingExporter

  init(in environment: ScenarioEnvironment) throws {
    exporter = try FailingExporter(Self.name, in: environment)
  }

  mutating func advance() async throws {
    try await exporter.failOnceScraped { $0.child.signal(SIGKILL) }
  }

  var expectations: [QueryExpectation] {
    [
      QueryExpectation("up{\(subject.selector)}", is: 0),
      QueryExpectation(panel: "exporter: Exporters down: A", is: 1),
    ]
  }
}
