// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A container starts whose pod the API server does not report.
struct UnknownContainer: Scenario {
  static let name = "unknown-container"
  let subject = Subject.instance(ScenarioEnvironment.node)
  let alerts = [ExpectedAlert("PidnsNamesMissing")]
  let began: Date?
  private let container: CRIContainer

  init(in environment: ScenarioEnvironment) throws {
    began = Date()
    container = try environment.start(
      workload: Self.name, ScenarioEnvironment.idle, isReported: false)
  }

  // The container and its sandbox.
  var expectations: [QueryExpectation] {
    [QueryExpectation("pidns_namespaces_unresolved{\(subject.selector)}", is: 2)]
  }
}
