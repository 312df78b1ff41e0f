// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A namespace begins under an exporter that shows no more than one.
struct HiddenNamespaces: Scenario {
  static let name = "hidden-namespaces"
  let subject = Subject.instance(name)
  let alerts = [ExpectedAlert("PidnsNamespacesNotShown")]
  private(set) var began: Date?
  private let bed: Bed
  private let exporter: RunningExporter
  private var container: CRIContainer?

  init(in bed: Bed) throws {
    self.bed = bed
    exporter = try bed.start(exporter: Self.name, ["--namespaces.max=1"])
  }

  mutating func goOn() throws {
    guard began == nil, try bed.isScraped(Self.name) else { return }
    began = Date()
    container = try bed.start(workload: Self.name, "idle", "--hold-ms", "1000")
  }

  var sayings: [Saying] { [Saying("sum(pidns_namespaces{\(subject.selector)})", is: 1)] }
}
