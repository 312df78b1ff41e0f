// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// An exporter whose map in the kernel has room for fewer namespaces than the node has.
struct FullMap: Scenario {
  static let name = "full-map"
  static let room = 4
  let subject = Subject.instance(name)
  let alerts = [
    ExpectedAlert("PidnsEventsWithoutNamespace"), ExpectedAlert("PidnsMapFillsUp"),
    ExpectedAlert("PidnsNamesMissing"),
  ]
  let began: Date?
  private let exporter: RunningExporter

  init(in bed: Bed) throws {
    exporter = try bed.start(exporter: Self.name, [Bed.showsNone, "--bpf.map-entries=\(Self.room)"])
    began = Date()
  }

  var sayings: [Saying] {
    [Saying(#"pidns_bpf_map_entries{\#(subject.selector),map="namespaces"}"#, is: Double(Self.room))]
  }
}
