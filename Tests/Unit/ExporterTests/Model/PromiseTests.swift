// SPDX-License-Identifier: Apache-2.0

import Foundation
import Namespaces
import TestSupport
import Testing

@testable import Exporter

/// What the exporter promises, in random histories: of namespaces, cgroups and names on a machine, of an exporter that polls, is
/// killed and upgraded, and of three scrapers, each with its own format.
///
/// | promise | checked by |
/// |---|---|
/// | each event is in one series once, under the number of its namespace, also if the series is gone | ``ModelWorld`` |
/// | no counter goes down, for anybody, through restarts, too | ``ModelWorld``, ``ModelScraper`` |
/// | a scraper first sees a line at 0, and from the next page on at its value | ``ModelScraper`` |
/// | the increases that a scraper sees add up to the events | ``ModelScraper`` |
/// | there are no more series than the limit; a series stays for the retention | ``ModelWorld`` |
/// | the number of processes is that of the last scan | ``ModelWorld`` |
///
/// ``Machine`` is the ground truth, and the maps of the kernel. ``ModelExporter`` calls the real ledger, state, scrapers and pages.
/// A history that breaks a promise is reported with as few steps as possible. `PIDNS_SEED=…` repeats it, with
/// `SWIFT_DETERMINISTIC_HASHING=1` in the same order of sets; `PIDNS_HISTORIES=10000` runs more.
@Suite struct PromiseTests {
  private static let histories =
    ProcessInfo.processInfo.environment["PIDNS_HISTORIES"].flatMap { Int($0) } ?? 50

  @Test("Any history keeps the promises")
  func random() {
    let first = SeededGenerator.seed("PromiseTests.random")
    for seed in (0..<UInt64(Self.histories)).map({ first &+ $0 }) {
      var random = SeededGenerator(seed: seed)
      let setting = Setting.random(&random)
      let steps = (0..<Int.random(in: 20...150, using: &random)).map { _ in Step.random(&random) }
      guard ModelWorld.broken(by: steps, setting) != nil else { continue }
      let fewest = steps.shrunk { ModelWorld.broken(by: $0, setting) != nil }
      let history = fewest.map { "\($0)" }.joined(separator: "\n")
      let reason = ModelWorld.broken(by: fewest, setting) ?? "not each time"
      Issue.record("PIDNS_SEED=\(seed): \(reason)\n\(setting)\n\(history)")
      return
    }
  }

  @Test(
    "Histories that once broke a promise keep it",
    arguments: [
      // Tasks of a series from a state were not counted.
      [.scan, .poll, .restart(Restart())],
      // A state with a part of a series that was gone was refused.
      [
        .begin(2, in: "/other"), .exec(2, in: "/other"), .scan, .poll, .end(2), .scan, .poll, .scan,
        .restart(Restart(end: .whileDeleting)), .wait(1), .scan, .scan,
        .restart(Restart(end: .whileDeleting)),
      ],
      // A part that the next programs do not count was live for ever.
      [
        .run(1, in: "/x.service", .exec), .scan, .poll, .restart(Restart(isUpgrade: true, parts: 0)),
      ],
    ] as [[Step]])
  func known(history: [Step]) {
    #expect(ModelWorld.broken(by: history, Setting(flags: Flags(retention: 1))) == nil)
  }

  @Test("After a restart with room for a new name, events that were shown under the old one stay there")
  func movedByAbsorption() {
    let history: [Step] = [
      .begin(3, in: "/a/inner", isOld: true), .scan,
      .restart(
        Restart(
          end: .beforeSaving, isRevoked: true, downtime: 1, flags: Flags(series: 1, retention: 30, grace: 2))),
      .poll, .begin(4, in: "/c", isOld: true), .scan, .name("/a/inner", "b"), .poll,
      .exec(3, in: "/other"), .poll,
      .restart(
        Restart(
          end: .whileDeleting, parts: 1, isRevoked: true, isKilledBeforeRemoval: true, downtime: 40,
          flags: Flags(series: 100, retention: 12, grace: 2))),
    ]
    let setting = Setting(level: .container, flags: Flags(series: 5, retention: 1, grace: 0))
    #expect(ModelWorld.broken(by: history, setting) == nil)
  }

  @Test("A series that moves to another name does not begin again in the same page")
  func movedAndBegun() {
    let history: [Step] = [
      .stay(1, in: "/c"), .begin(4, in: "/c", isOld: false), .name("/c", "a"), .wait(2), .scan, .poll,
      .exec(4, in: "/a/inner"),
    ]
    #expect(ModelWorld.broken(by: history, Setting(level: .container)) == nil)
  }
}
