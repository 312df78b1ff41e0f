// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Harness

/// Runs many exporters in their own network namespaces under one Prometheus with the shipped rules. Checks the roll-ups while instances are
/// replaced, and measures the cost. See docs/scale.md.
@main
struct PidnsFleet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-fleet",
    abstract:
      "Scrapes many exporters with one Prometheus, and checks its roll-ups. Needs its own network namespace."
  )

  @Option(help: "The number of exporters.")
  var nodes = 50

  func validate() throws {
    guard (2...200).contains(nodes) else { throw ValidationError("--nodes must be 2 to 200") }
  }

  func run() async throws {
    let fleet = try await Fleet(nodes: nodes)
    let report = CheckReport()
    try fleet.start()
    try fleet.checkScrapes(report)
    try fleet.checkRollUps(report, "with all of them")
    try fleet.checkVictoriaMetrics(report, "with all of them")
    try fleet.replace(nodes / 5)
    try fleet.checkRollUps(report, "after a fifth was replaced")
    try fleet.restart(nodes / 5)
    try fleet.checkRollUps(report, "after a fifth was restarted")
    try fleet.checkVictoriaMetrics(report, hasChanged: true, "after a fifth was restarted")
    try fleet.checkRatesOverTime(report)
    try fleet.checkExactCounts(report)
    try await fleet.end()
    printLine("\n\(report.figures.joined(separator: "\n"))\n\n\(report.counts)")
    if report.failed > 0 { throw ExitCode(1) }
  }
}
