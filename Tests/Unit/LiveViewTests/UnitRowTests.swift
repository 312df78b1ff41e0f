// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LiveView

/// Rows of units of systemd, on the host and in containers.
@Suite struct UnitRowTests {
  private static let host = "4026531836"
  private static let identities: [Sample.Identity] = [
    .init(pidns: host), .init(pidns: host, unit: "web.service"), .init(pidns: host, unit: "user-1000.slice"),
    .init(pidns: "7", container: "lxc1"), .init(pidns: "7", container: "lxc1", unit: "web.service"),
  ]

  private static func sample(_ time: Double, execs: Double) -> Sample {
    var sample = Sample()
    sample.time = time
    sample.exporterStart = 0
    for (number, identity) in identities.enumerated() {
      var entry = Sample.Entry()
      entry.events.execs = execs * Double(number)
      entry.processes = 1
      sample.namespaces[identity] = entry
    }
    return sample
  }

  private static var rows: [Row] {
    var calculator = RateCalculator()
    calculator.ingest(sample(100, execs: 0), at: 0)
    calculator.ingest(sample(101, execs: 10), at: 1)
    return calculator.rows
  }

  @Test("A unit has its own row and rate, and is named with its container")
  func names() {
    let rates = Dictionary(uniqueKeysWithValues: Self.rows.map { ($0.name, $0.rates?.execs) })
    #expect(
      rates == ["[host]": 0, "web.service": 10, "user-1000.slice": 20, "lxc1": 30, "lxc1/web.service": 40])
  }

  @Test(
    "A filter finds units by any part of their names, whatever the case",
    arguments: [
      ("web.service", ["lxc1/web.service", "web.service"]), ("WEB", ["lxc1/web.service", "web.service"]),
      ("lxc1", ["lxc1", "lxc1/web.service"]), ("lxc1/web", ["lxc1/web.service"]),
      ("slice", ["user-1000.slice"]), ("db.service", []),
    ])
  func filter(text: String, names: [String]) {
    #expect(Self.rows.filter { $0.matches(text) }.map(\.name).sorted() == names)
  }

  @Test("A unit's name cannot control the terminal")
  func printable() {
    let row = Row(.init(unit: "a\u{1b}[2J.service"), Sample.Entry(), rates: nil)
    #expect(!row.name.contains("\u{1b}"))
  }
}
