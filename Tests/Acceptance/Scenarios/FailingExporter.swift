// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// An exporter of a scenario's own, which fails once Prometheus has scraped it.
struct FailingExporter {
  let exporter: RunningExporter
  /// When the failure was induced; nil before that.
  private(set) var failed: Date?
  private let instance: String
  private let environment: ScenarioEnvironment

  init(
    _ instance: String, _ flags: [String] = [ScenarioEnvironment.hidesNamespaces],
    in environment: ScenarioEnvironment
  ) throws {
    exporter = try environment.start(exporter: instance, flags)
    self.instance = instance
    self.environment = environment
  }

  /// Induces the failure, once and not before the first scrape.
  mutating func failOnceScraped(_ induce: (RunningExporter) async throws -> Void) async throws {
    guard failed == nil, try environment.isScraped(instance) else { return }
    failed = Date()
    try await induce(exporter)
  }
}
