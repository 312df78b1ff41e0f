// SPDX-License-Identifier: Apache-2.0

import PageReaders

@testable import LiveView
@testable import Terminal
@testable import Top

/// The pages of metrics that `top` reads from an address, and what it shows of them. A zero byte separates two pages.
enum ExpositionTarget {
  static func run(_ input: [UInt8]) {
    var view = View(source: "localhost:10059", interval: "5s", order: Order(.exec))
    for (index, bytes) in input.split(separator: 0, maxSplits: 1).map(Array.init).enumerated() {
      let sample = try? ExpositionParser.parse(bytes)
      if let page = try? Page(text: bytes) { compare(sample, page) }
      if let sample { view.meter.ingest(sample, at: Double(index)) }
    }
    let size = Terminal.Size(columns: 80, rows: 24)
    for line in view.lines(size) {
      check(
        line.text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control },
        "control characters in \(line.text.debugDescription)")
    }
    check(view.table(width: nil, limit: 100).utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A }, "a table")
  }

  /// Compares one gauge with what another parser reads.
  private static func compare(_ sample: Sample?, _ page: Page) {
    let processes = page.families.flatMap(\.samples).filter { $0.name == "pidns_processes" }
    guard !processes.isEmpty, let sample else { return }
    var expected: [Sample.Identity: Double] = [:]
    for process in processes {
      let identity = Sample.Identity(
        pidns: process.labels["pidns"] ?? "", namespace: process.labels["namespace"] ?? "",
        pod: process.labels["pod"] ?? "", container: process.labels["container"] ?? "",
        unit: process.labels["unit"] ?? "")
      expected[identity, default: 0] += process.value
    }
    for (identity, value) in expected {
      check(sample.namespaces[identity]?.processes == value, "\(value) processes of \(identity)")
    }
  }
}
