// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness

/// An exporter whose API server goes away.
struct APIServerAway: Scenario {
  static let name = "api-server-away"
  let subject = Subject.instance(name)
  let alerts = [
    ExpectedAlert("PidnsPodWatchFails", delay: 180), ExpectedAlert("PidnsNamesMissing"),
  ]
  private(set) var began: Date?
  private let cluster: Cluster
  private let exporter: RunningExporter
  private let bed: Bed

  init(in bed: Bed) async throws {
    self.bed = bed
    cluster = try await Cluster()
    exporter = try bed.start(exporter: Self.name, [Bed.showsNone] + cluster.flags)
  }

  mutating func goOn() async throws {
    guard began == nil, try bed.isScraped(Self.name) else { return }
    began = Date()
    try await cluster.server.goAway()
  }

  var sayings: [Saying] {
    [
      Saying("sum(pidns_kubernetes_watch_errors_total{\(subject.selector)}) > bool 0", is: 1),
      Saying(panel: "exporter: Time since the last API event: A", in: 180...Double(Bed.lifetime)),
    ]
  }
}
