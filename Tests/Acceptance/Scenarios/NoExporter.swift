// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A second Prometheus has the rules, and no exporter to scrape.
struct NoExporter: Scenario {
  static let name = "no-exporter"
  let subject = Subject.instance("")
  let alerts = [ExpectedAlert("PidnsExporterAbsent")]
  let began: Date?

  init(in environment: ScenarioEnvironment) {
    began = environment.began
  }
}
