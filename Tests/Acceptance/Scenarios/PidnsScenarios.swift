// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Harness

/// Has things happen on this machine that somebody should be told of, and some that nobody should, under a real
/// Prometheus with the rules as they are shipped; and judges which alerts fire, when, and what the queries say.
@main
struct PidnsScenarios: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-scenarios",
    abstract: "Runs every query of dashboards, rules and alerts over real load. See docs/scenarios.md.")

  private static let all: [any Scenario.Type] = [
    CrashLoop.self, ForkStorm.self, OOMKills.self, Zombies.self, ThreadGrowth.self, ExecProbes.self,
    FirstShell.self,
    CrashingJob.self, RestartedCrashLoop.self, FirstSIGBUS.self, OOMKilledJob.self,
    Ordinary.self,
    ExporterDown.self, NoExporter.self, FailingPolls.self, LatePolls.self, FullMap.self,
    HiddenNamespaces.self,
    APIServerAway.self,
    RefusedPrograms.self, UnknownContainer.self,
  ]

  @Option(help: "Run only this scenario, and no queries but its own; may be given several times.")
  var only: [String] = []

  func run() async throws {
    Interruption.install()
    let types = Self.all.filter { only.isEmpty || only.contains($0.name) }
    for name in only where !types.contains(where: { $0.name == name }) {
      throw ValidationError("no scenario '\(name)': \(Self.all.map { $0.name }.joined(separator: ", "))")
    }
    guard geteuid() == 0 else { throw ValidationError("only root can start containers and load programs") }
    let run = try await run(types)
    let verdict = run.verdict
    say("\n\(run.table.summary)\n\n\(verdict.counts)")
    if verdict.failed > 0 { throw ExitCode(1) }
  }

  /// All that was started has ended when it returns.
  private func run(_ types: [any Scenario.Type]) async throws -> Run {
    let bed = try await Bed(rules: Repository.rules)
    var run = try await Run(types, in: bed)
    try await run.untilAllHaveFired()
    try run.judgeAlerts()
    try run.judgeSayings()
    try run.endAndJudge()
    // After that: something has ended, and is still shown.
    if only.isEmpty { try run.judgeQueries() }
    try await bed.end()
    return run
  }
}
