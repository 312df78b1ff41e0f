// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Harness

/// Induces failures and healthy load on this machine under a real Prometheus with the shipped rules. Checks which alerts fire
/// and when, and the results of all queries.
@main
struct PidnsScenarios: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-scenarios",
    abstract:
      "Induces failures under a real Prometheus, and checks alerts and queries. See docs/scenarios.md.")

  private static let all: [any Scenario.Type] = [
    CrashLoop.self, ForkStorm.self, OOMKills.self, Zombies.self, ThreadGrowth.self, ExecProbes.self,
    FirstShell.self,
    CrashingJob.self, RestartedCrashLoop.self, FirstSIGBUS.self, OOMKilledJob.self,
    CrashingService.self, RestartingService.self, KeepingService.self, ForkingSession.self,
    HealthyLoad.self,
    ExporterDown.self, NoExporter.self, FailingPolls.self, LatePolls.self, FullMap.self,
    HiddenNamespaces.self,
    APIServerUnavailable.self,
    RefusedPrograms.self, UnknownContainer.self,
  ]

  @Option(help: "Run only this scenario and its own queries; can be repeated.")
  var only: [String] = []

  func run() async throws {
    StopSignals.install()
    let types = Self.all.filter { only.isEmpty || only.contains($0.name) }
    for name in only where !types.contains(where: { $0.name == name }) {
      throw ValidationError("no scenario '\(name)': \(Self.all.map { $0.name }.joined(separator: ", "))")
    }
    guard geteuid() == 0 else { throw ValidationError("only root can start containers and load programs") }
    let run = try await run(types)
    printLine("\n\(run.table.summary)\n\n\(run.report.counts)")
    if run.report.failed > 0 { throw ExitCode(1) }
  }

  /// When it returns, everything that it started has ended.
  private func run(_ types: [any Scenario.Type]) async throws -> Run {
    let environment = try await ScenarioEnvironment(rules: Repository.rules)
    var run = try await Run(types, in: environment)
    try await run.waitForAlerts()
    try run.checkAlerts()
    try run.checkExpectations()
    try run.endAndCheck()
    // At this point some namespaces have ended, and their series are still exposed.
    if only.isEmpty { try run.checkQueries() }
    try await environment.end()
    return run
  }
}
