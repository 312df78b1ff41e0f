// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// The BPF map of an exporter has fewer entries than the node has namespaces and cgroups.
struct FullMap: Scenario {
  static let name = "full-map"
  static let entries = 4
  let subject = Subject.instance(name)
  let alerts = [
    ExpectedAlert("PidnsEventsWithoutNamespace"), ExpectedAlert("PidnsMapFillsUp"),
    ExpectedAlert("PidnsNamesMissing"), ExpectedAlert("PidnsCgroupsNotShown"),
  ]
  let began: Date?
  private let exporter: RunningExporter

  init(in environment: ScenarioEnvironment) throws {
    exporter = try environment.start(
      exporter: Self.name,
      [ScenarioEnvironment.hidesNamespaces, "--bpf.map-entries=\(Self.entries)"])
    began = Date()
  }

  var expectations: [QueryExpectation] {
    [
      QueryExpectation(
        #"pidns_bpf_map_entries{\#(subject.selector),map="namespaces"}"#, is: Double(Self.entries))
    ]
  }
}
