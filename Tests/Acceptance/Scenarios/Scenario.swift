// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A failure or a load on the node, the alerts that must fire, and the results of queries.
protocol Scenario: SendableMetatype {
  /// Its name in the table, and for `--only`.
  static var name: String { get }

  /// Starts the load.
  init(in environment: ScenarioEnvironment) async throws

  /// The container or exporter that the alerts name.
  var subject: Subject { get }

  /// The alerts that must fire for the subject; no other alert may.
  var alerts: [ExpectedAlert] { get }

  /// Whether the alerts must also fire in a Prometheus with its default settings.
  static var isShortLived: Bool { get }

  /// When the failure began; nil before that.
  var began: Date? { get }

  /// Does the steps that are due; called every second.
  mutating func advance() async throws

  /// The results of queries while the load runs.
  var expectations: [QueryExpectation] { get }

  /// Ends the load, and returns the results of queries after that.
  mutating func end() throws -> [QueryExpectation]
}

/// An alert that must fire.
struct ExpectedAlert {
  let name: String
  /// The share of the rule's range that must have samples of the failure before the expression becomes true.
  let share: Double
  /// More seconds until the expression becomes true.
  let delay: Double

  init(_ name: String, share: Double = 0, delay: Double = 0) {
    self.name = name
    self.share = share
    self.delay = delay
  }
}

extension Scenario {
  mutating func advance() {}
  static var isShortLived: Bool { false }
  var expectations: [QueryExpectation] { [] }
  mutating func end() -> [QueryExpectation] { [] }
}
