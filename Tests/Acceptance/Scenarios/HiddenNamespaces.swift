// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A namespace starts, and the exporter already exposes its maximum of one.
struct HiddenNamespaces: Scenario {
  static let name = "hidden-namespaces"
  let subject = Subject.instance(name)
  let alerts = [ExpectedAlert("PidnsNamespacesNotShown")]
  var began: Date? { exporter.failed }
  private let environment: ScenarioEnvironment
  private var exporter: FailingExporter
  private var container: CRIContainer?

  init(in environment: ScenarioEnvironment) throws {
    self.environment = environment
    exporter = try FailingExporter(Self.name, ["--namespaces.max=1"], in: environment)
  }

  mutating func advance() async throws {
    let environment = environment
    var started: CRIContainer?
    try await exporter.failOnceScraped { _ in
      started = try environment.start(workload: Self.name, ScenarioEnvironment.idle)
    }
    container = container ?? started
  }

  var expectations: [QueryExpectation] {
    [QueryExpectation("sum(pidns_namespaces{\(subject.selector)})", is: 1)]
  }
}
