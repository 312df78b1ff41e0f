// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// An exporter that was killed.
struct ExporterDown: Scenario {
  static let name = "exporter-down"
  let subject = Subject.instance(name)
  let alerts = [ExpectedAlert("PidnsExporterDown")]
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
    exporter.child.signal(SIGKILL)
  }

  var sayings: [Saying] {
    [Saying("up{\(subject.selector)}", is: 0), Saying(panel: "exporter: Exporters down: A", is: 1)]
  }
}
