// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A Prometheus that has the rules, and not one exporter to scrape: a second one, as the first has them.
struct NoExporter: Scenario {
  static let name = "no-exporter"
  let subject = Subject.instance("")
  let alerts = [ExpectedAlert("PidnsExporterAbsent")]
  let began: Date?

  init(in bed: Bed) {
    began = bed.began
  }
}
