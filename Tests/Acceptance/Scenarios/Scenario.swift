// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// Something that happens on the node, and what has to be said of it.
protocol Scenario: SendableMetatype {
  /// What the table calls it, and `--only`.
  static var name: String { get }

  /// Begins.
  init(in bed: Bed) async throws

  /// Whom it happens to.
  var subject: Subject { get }

  /// The alerts that fire for the subject. No other one may.
  var alerts: [ExpectedAlert] { get }

  /// Whether the alerts have to fire in a Prometheus with its default settings, too.
  static var isShortLived: Bool { get }

  /// When that which the alerts are about began; nil: it has not yet.
  var began: Date? { get }

  /// Does what is due; called every second.
  mutating func goOn() async throws

  /// What queries say while it goes on.
  var sayings: [Saying] { get }

  /// Ends it, and answers what Prometheus has stored in the end.
  mutating func end() throws -> [Saying]
}

/// An alert that has to fire.
struct ExpectedAlert {
  let name: String
  /// How much of the range that its rule looks at has to be filled until what the rule says is true.
  let share: Double
  /// Seconds that it takes until then otherwise.
  let delay: Double

  init(_ name: String, share: Double = 0, delay: Double = 0) {
    self.name = name
    self.share = share
    self.delay = delay
  }
}

extension Scenario {
  mutating func goOn() {}
  static var isShortLived: Bool { false }
  var sayings: [Saying] { [] }
  mutating func end() -> [Saying] { [] }
}
