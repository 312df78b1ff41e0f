// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A scenario whose load is one case of pidns-workload in a pod's container, from its start to the end of the run.
protocol ContainerScenario: Scenario {
  /// The case of pidns-workload and its options.
  static var workload: [String] { get }

  /// Seconds after which the container exits.
  static var seconds: Int { get }

  /// In bytes; nil without a limit.
  static var memoryLimit: Int? { get }

  var container: CRIContainer { get }

  init(container: CRIContainer, began: Date?)
}

extension ContainerScenario {
  static var seconds: Int { ScenarioEnvironment.lifetime }
  static var memoryLimit: Int? { nil }

  init(in environment: ScenarioEnvironment) throws {
    // Before the start: a job may be over before the runtime has returned.
    let began = Date()
    self.init(
      container: try environment.start(
        workload: Self.name, Self.workload, seconds: Self.seconds, memoryLimit: Self.memoryLimit),
      began: began)
  }

  var subject: Subject { .container(workload: Self.name) }

  /// Stops the container, and returns the load generator's own count.
  func groundTruth(_ kind: Facts.Kind, _ part: String? = nil) throws -> Double {
    try container.stopAndFinish().facts.values[Facts.Quantity(kind, part)] ?? 0
  }
}
