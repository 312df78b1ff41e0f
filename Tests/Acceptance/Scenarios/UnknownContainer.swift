// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// A container of a pod that the API server never tells of.
struct UnknownContainer: Scenario {
  static let name = "unknown-container"
  let subject = Subject.instance(Bed.node)
  let alerts = [ExpectedAlert("PidnsNamesMissing")]
  let began: Date?
  private let container: CRIContainer

  init(in bed: Bed) throws {
    container = try bed.start(workload: Self.name, "idle", "--hold-ms", "1000", isNamed: false)
    began = Date()
  }

  // The container and its sandbox.
  var sayings: [Saying] { [Saying("pidns_namespaces_unresolved{\(subject.selector)}", is: 2)] }
}
