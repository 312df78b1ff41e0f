// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A pod's container that does nothing until a command runs in it, once.
struct IdleContainer {
  let container: CRIContainer
  /// When the command ran; nil before that.
  private(set) var executed: Date?
  private let started = Date()

  init(workload: String, in environment: ScenarioEnvironment) throws {
    container = try environment.start(workload: workload, ScenarioEnvironment.idle)
  }

  /// Runs the command once the container is old enough.
  ///
  /// - Parameter age: In seconds.
  mutating func execute(_ command: String..., at age: Double) throws {
    guard executed == nil, -started.timeIntervalSinceNow >= age else { return }
    executed = Date()
    try container.run(command)
  }
}
