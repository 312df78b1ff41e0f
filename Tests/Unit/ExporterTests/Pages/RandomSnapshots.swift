// SPDX-License-Identifier: Apache-2.0

import Containers
import Platform
import Probe
import TestSupport

@testable import Exporter
@testable import Namespaces

/// Snapshots that differ by random steps. Each step depends on its own seed only, so a failure can be repeated with fewer.
struct RandomSnapshots {
  /// What a step changes.
  enum Change: CaseIterable {
    case nothing, add, addMany, remove, removeMany, count, countAll, tasks, detail, exemplar, end, replace,
      reverse,
      boot, start, features
  }

  struct Step: CustomStringConvertible {
    let change: Change
    let seed: UInt64

    var description: String { "\(change) \(seed)" }
  }

  private(set) var snapshot = Snapshot()
  private(set) var features = FeatureSet(
    collectors: Set(Collector.allCases), showsLifetimesPerNamespace: false)

  static func step(_ random: inout SeededGenerator) -> Step {
    Step(change: Change.allCases.randomElement(using: &random) ?? .nothing, seed: random.next() >> 32)
  }

  mutating func apply(_ step: Step) {
    var random = SeededGenerator(seed: step.seed)
    snapshot.number += 1
    snapshot.time += 1
    switch step.change {
    case .nothing: break
    case .add: add(1, &random)
    case .addMany: add(Int.random(in: 2...150, using: &random), &random)
    case .remove: remove(1, &random)
    case .removeMany: remove(Int.random(in: 2...150, using: &random), &random)
    case .count: change(1, &random, Self.count)
    case .countAll: change(snapshot.series.count, &random, Self.count)
    case .tasks: change(3, &random) { $0.tasks.processes += UInt64.random(in: 0...1, using: &$1) }
    case .detail: change(2, &random, Self.detail)
    case .exemplar: change(2, &random, Self.exemplar)
    case .end: change(1, &random, Self.end)
    case .replace:
      // The same values in other objects.
      change(5, &random) { _, _ in }
    case .reverse: snapshot.series.reverse()
    case .boot: snapshot.boot += Double.random(in: 0...2, using: &random)
    case .start: snapshot.start += Double.random(in: 0...2, using: &random)
    case .features:
      features.showsLifetimesPerNamespace = Bool.random(using: &random)
      features.writesCreated = Bool.random(using: &random)
      features.level = Bool.random(using: &random) ? .pidns : .container
      if Bool.random(using: &random) { features.collectors.formSymmetricDifference([.tasks]) }
    }
    snapshot.newestBirth = snapshot.series.map(\.births.newest).max() ?? 0
    snapshot.node.total.counts.execs += 1
  }

  /// A series whose fields can be changed.
  private struct Draft {
    var key: SeriesKey
    var events = EventCounts()
    var births: Births
    var start: Double?
    var tasks = TaskCounts()
    var isLive = true
    var about: Snapshot.About?
    var exemplars = Exemplars()
    var poll: Int
    var starts: UInt64 = 0

    init(_ key: SeriesKey, poll: Int) {
      self.key = key
      self.poll = poll
      births = Births(series: poll)
    }

    init(_ series: Snapshot.Series, poll: Int) {
      self.poll = poll
      (key, events, births, start) = (series.key, series.events, series.births, series.start)
      (tasks, isLive, about) = (series.tasks, series.isLive, series.about)
      (exemplars, starts) = (series.exemplars, series.starts)
    }

    var series: Snapshot.Series {
      Snapshot.Series(
        key, events: events, births: births, start: start, tasks: tasks, isLive: isLive, about: about,
        exemplars: exemplars, starts: starts)
    }
  }

  private mutating func add(_ count: Int, _ random: inout SeededGenerator) {
    for _ in 0..<count where snapshot.series.count < 400 {
      let unit = Int.random(in: 0..<4, using: &random) == 0 ? "a.service" : ""
      let key = SeriesKey(
        Container.Names(
          pod: ["", "p\"", "web"].randomElement(using: &random) ?? "", container: "c", unit: unit),
        inum: UInt32.random(in: 0..<1000, using: &random), at: .pidns)
      guard !snapshot.series.contains(where: { $0.key == key }) else { continue }
      var draft = Draft(key, poll: snapshot.number)
      draft.start = Bool.random(using: &random) ? 1_700_000_000.5 : nil
      if Bool.random(using: &random) { draft.about = Snapshot.About(NamespaceIdentity(), Container()) }
      Self.count(&draft, &random)
      let place = snapshot.series.firstIndex { key < $0.key } ?? snapshot.series.endIndex
      snapshot.series.insert(draft.series, at: place)
    }
  }

  private mutating func remove(_ count: Int, _ random: inout SeededGenerator) {
    for _ in 0..<min(count, snapshot.series.count) {
      snapshot.series.remove(at: Int.random(in: snapshot.series.indices, using: &random))
    }
  }

  private mutating func change(
    _ count: Int, _ random: inout SeededGenerator, _ change: (inout Draft, inout SeededGenerator) -> Void
  ) {
    let indices =
      count == snapshot.series.count
      ? Array(snapshot.series.indices)
      : (0..<count).compactMap { _ in
        snapshot.series.indices.randomElement(using: &random)
      }
    for index in indices {
      var draft = Draft(snapshot.series[index], poll: snapshot.number)
      change(&draft, &random)
      snapshot.series[index] = draft.series
    }
  }

  private static func count(_ draft: inout Draft, _ random: inout SeededGenerator) {
    draft.events.counts.execs += UInt64.random(in: 1...1000, using: &random)
    draft.events.exits.byReason[.completed] += UInt64.random(in: 0...1, using: &random)
    draft.events.exits.lifetimes.counts[Int.random(in: 0..<40, using: &random)] += 1
  }

  private static func detail(_ draft: inout Draft, _ random: inout SeededGenerator) {
    let details: [CounterKey] = [.signalDeath(11), .signalDeath(40), .exitCode(3), .execFailure(2)]
    guard let detail = details.randomElement(using: &random) else { return }
    if draft.events.details[detail] == nil { draft.births.add(detail, at: draft.poll) }
    draft.events.details[detail, default: 0] += 1
  }

  private static func exemplar(_ draft: inout Draft, _ random: inout SeededGenerator) {
    let kinds: [ProcessExemplar.Kind] = [.exec, .exit(.completed), .oomKill, .signalDeath(11)]
    guard let kind = kinds.randomElement(using: &random) else { return }
    draft.exemplars.record(
      ProcessExemplar(
        kind, time: UInt64.random(in: 0...1 << 40, using: &random), pid: 1, hostPID: 7, ppid: 0, comm: "a\"}"),
      boot: 1_700_000_000_000_000_000)
  }

  private static func end(_ draft: inout Draft, _ random: inout SeededGenerator) {
    draft.isLive = false
    draft.about = Snapshot.About(
      NamespaceIdentity(), Container(), endSinceBoot: Double.random(in: 1...9, using: &random))
  }
}
