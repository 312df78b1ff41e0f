// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness

/// The API server of an exporter closes its port and all connections.
struct APIServerUnavailable: Scenario {
  static let name = "api-server-unavailable"
  let subject = Subject.instance(name)
  let alerts = [
    ExpectedAlert("PidnsPodWatchFails", delay: 180), ExpectedAlert("PidnsNamesMissing"),
  ]
  var began: Date? { exporter.failed }
  private let cluster: Cluster
  private var exporter: FailingExporter

  init(in environment: ScenarioEnvironment) async throws {
    cluster = try await Cluster()
    exporter = try FailingExporter(
      Self.name, [ScenarioEnvironment.hidesNamespaces] + cluster.flags, in: environment)
  }

  mutating func advance() async throws {
    let server = cluster.server
    try await exporter.failOnceScraped { _ in try await server.disconnect() }
  }

  var expectations: [QueryExpectation] {
    [
      QueryExpectation(
        "sum(pidns_kubernetes_watch_errors_total{\(subject.selector)}) > bool 0", is: 1),
      QueryExpectation(
        panel: "exporter: Time since the last API event: A",
        in: 180...Double(ScenarioEnvironment.lifetime)),
    ]
  }
}
