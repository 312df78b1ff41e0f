// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Harness

/// A fleet of exporters, each in a network of its own, under one Prometheus with the rules as they are shipped: whether its roll-ups are right
/// while instances come and go, and what it costs. See docs/scale.md.
@main
struct PidnsFleet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-fleet",
    abstract:
      "Has one Prometheus scrape many exporters, and holds its roll-ups against the truth. Needs a network namespace of its own."
  )

  @Option(help: "How many exporters.")
  var nodes = 50

  func validate() throws {
    guard (2...200).contains(nodes) else { throw ValidationError("--nodes has to be 2 to 200") }
  }

  func run() async throws {
    let fleet = try await Fleet(nodes: nodes)
    let verdict = Verdict()
    try fleet.start()
    try fleet.judgeScrapes(verdict)
    try fleet.judgeRollUps(verdict, "with all of them")
    try fleet.judgeVictoriaMetrics(verdict, "with all of them")
    try fleet.replace(nodes / 5)
    try fleet.judgeRollUps(verdict, "after a fifth was replaced")
    try fleet.restart(nodes / 5)
    try fleet.judgeRollUps(verdict, "after a fifth was restarted")
    try fleet.judgeVictoriaMetrics(verdict, changed: 2 * (nodes / 5), "after a fifth was restarted")
    try fleet.judgeCourse(verdict)
    try fleet.judgeTruth(verdict)
    try await fleet.end()
    say("\n\(verdict.figures.joined(separator: "\n"))\n\n\(verdict.counts)")
    if verdict.failed > 0 { throw ExitCode(1) }
  }
}
