// SPDX-License-Identifier: Apache-2.0

import Containers
import Probe
import TestSupport
import Testing

@testable import Namespaces

/// Random histories of namespaces, against a table that computes each poll anew.
@Suite struct LedgerModelTests {
  /// What happens to one of four inums, or a poll.
  private enum Step: CustomStringConvertible {
    case begin(UInt32)
    case run(UInt32, execs: UInt64, deaths: UInt64)
    case exemplar(UInt32, time: UInt64)
    case identify(UInt32, comm: String)
    case setThreads(UInt32, UInt64)
    case end(UInt32)
    case poll(isWalking: Bool)

    static func random(_ random: inout SeededGenerator) -> Step {
      let inum = UInt32.random(in: 1...4, using: &random)
      switch Int.random(in: 0..<12, using: &random) {
      case 0: return .begin(inum)
      case 1, 2:
        return .run(
          inum, execs: .random(in: 0...3, using: &random), deaths: .random(in: 0...1, using: &random))
      case 3: return .exemplar(inum, time: .random(in: 1...50, using: &random))
      case 4: return .setThreads(inum, .random(in: 1...3, using: &random))
      case 5: return .end(inum)
      case 6: return .identify(inum, comm: ["a", "b"].randomElement(using: &random) ?? "a")
      default: return .poll(isWalking: Int.random(in: 0..<4, using: &random) > 0)
      }
    }

    /// nil for a poll.
    var inum: UInt32? {
      switch self {
      case .begin(let inum), .run(let inum, _, _), .exemplar(let inum, _), .identify(let inum, _),
        .setThreads(let inum, _), .end(let inum):
        inum
      case .poll: nil
      }
    }

    var description: String {
      switch self {
      case .begin(let inum): "begin \(inum)"
      case .run(let inum, let execs, let deaths): "run \(inum) execs=\(execs) deaths=\(deaths)"
      case .exemplar(let inum, let time): "exemplar \(inum) time=\(time)"
      case .identify(let inum, let comm): "identify \(inum) comm=\(comm)"
      case .setThreads(let inum, let threads): "threads \(inum) \(threads)"
      case .end(let inum): "end \(inum)"
      case .poll(let isWalking): isWalking ? "poll" : "poll without scan"
      }
    }
  }

  /// The expected series, by inum.
  private struct Model {
    struct Namespace {
      var events = EventCounts()
      var threads: UInt64 = 1
      var hasTask = true
      /// The number of the last scan that found it, or of that before it was first seen; nil before.
      var seen: Int?
      var hasEnded = false
      var counted = EventCounts()
      var scanned: UInt64 = 0
    }
    struct Series: Equatable {
      var events = EventCounts()
      var threads: UInt64 = 0
      var isLive = true
      var endedAt = 0
    }

    static let retention = 3
    var namespaces: [PIDNamespace: Namespace] = [:]
    var series: [UInt32: Series] = [:]
    private var polls = 0
    private var walks = 0

    mutating func poll(isWalking: Bool) {
      polls += 1
      if isWalking { walks += 1 }
      for (key, var namespace) in namespaces {
        if isWalking {
          namespace.scanned = namespace.hasTask ? namespace.threads : 0
          if namespace.hasTask { namespace.seen = walks }
        }
        if namespace.seen == nil && namespace.events != EventCounts() { namespace.seen = walks }
        guard let seen = namespace.seen else {
          namespaces[key] = namespace
          continue
        }
        var series = series[key.inum] ?? Series()
        if !namespace.hasEnded { series.isLive = true }
        series.events += namespace.events.increase(since: namespace.counted)
        namespace.counted = namespace.events
        if seen + 2 <= walks { namespace.hasEnded = true }
        self.series[key.inum] = series
        namespaces[key] = namespace
      }
      for (inum, var series) in series {
        let members = namespaces.filter { $0.key.inum == inum && $0.value.seen != nil }
        let wasLive = series.isLive
        series.isLive = members.contains { !$0.value.hasEnded }
        series.threads = members.values.reduce(0) { $0 + $1.scanned }
        if wasLive && !series.isLive { series.endedAt = polls }
        self.series[inum] = series.isLive || polls - series.endedAt < Self.retention ? series : nil
      }
      namespaces = namespaces.filter { !$0.value.hasEnded }
    }
  }

  /// Runs a history, and returns what differs from the model; nil if nothing does.
  private func difference(_ steps: [Step]) -> String? {
    var model = Model()
    // One reads all at each poll, the other one what has changed.
    var (whole, sparse) = (FakeKernel(retention: .seconds(3)), FakeKernel(retention: .seconds(3)))
    sparse.readsAll = false
    sparse.now = whole.now
    var current: [UInt32: PIDNamespace] = [:]
    var generation: UInt64 = 0
    var before: [Snapshot.Series] = []
    // As they were when they were published.
    var published: [Snapshot.Series.Values] = []
    var touched: Set<UInt32> = []
    func both(_ change: (inout FakeKernel) -> Void) {
      change(&whole)
      change(&sparse)
    }
    for (number, step) in steps.enumerated() {
      if let inum = step.inum { touched.insert(inum) }
      switch step {
      case .begin(let inum):
        guard current[inum] == nil else { continue }
        generation += 1
        let namespace = PIDNamespace(inum: inum, generation: generation)
        current[inum] = namespace
        model.namespaces[namespace] = .init()
        both { $0.begin(namespace) }
      case .run(let inum, let execs, let deaths):
        guard let namespace = current[inum] else { continue }
        var exits = ExitCounts()
        exits.byReason[.signaled] = deaths
        let events = EventCounts(
          ProcessCounts(execs: execs), exits: exits, details: deaths > 0 ? [.signalDeath(11): deaths] : [:])
        guard events != EventCounts() else { continue }
        model.namespaces[namespace]?.events += events
        both { $0.map[namespace, default: EventCounts()] += events }
      case .exemplar(let inum, let time):
        guard let namespace = current[inum], whole.map[namespace] != nil else { continue }
        let process = ProcessExemplar(.exec, time: time, pid: 1, hostPID: 2, ppid: 0, comm: "sh")
        both { $0.exemplars[namespace] = [process] }
      case .identify(let inum, let comm):
        // Only of one that was seen: before, it would begin to be.
        guard let namespace = current[inum], model.namespaces[namespace]?.seen != nil else { continue }
        both { $0.identities[namespace] = NamespaceIdentity(initComm: comm, initStart: 5) }
      case .setThreads(let inum, let threads):
        guard let namespace = current[inum] else { continue }
        model.namespaces[namespace]?.threads = threads
        both { $0.tasks[namespace]?.threads = threads }
      case .end(let inum):
        guard let namespace = current.removeValue(forKey: inum) else { continue }
        model.namespaces[namespace]?.hasTask = false
        both { $0.end(namespace) }
      case .poll(let isWalking):
        model.poll(isWalking: isWalking)
        let finished = (Set(whole.poll(walking: isWalking)), Set(sparse.poll(walking: isWalking)))
        let (all, few) = (whole.ledger.snapshot(), sparse.ledger.snapshot())
        if before.map(\.values) != published { return "step \(number): a published series has changed" }
        defer { (before, published) = (few, few.map(\.values)) }
        if finished.0 != finished.1 { return "step \(number): finished \(finished)" }
        if all.map(\.values) != few.map(\.values) { return "step \(number): sparse reading differs" }
        if let text = Self.difference(few, model, since: before, touched) { return "step \(number): \(text)" }
        // Until a scan: tasks that go and come between two scans cancel out.
        if isWalking { touched = [] }
        if sparse.ledger.live != model.namespaces.values.count(where: { $0.seen != nil }) {
          return "step \(number): live \(sparse.ledger.live)"
        }
      }
    }
    return nil
  }

  private static func difference(
    _ shown: [Snapshot.Series], _ model: Model, since before: [Snapshot.Series],
    _ touched: Set<UInt32>
  ) -> String? {
    guard shown.map({ $0.key.inum }) == model.series.keys.sorted().map({ $0 }) else {
      return "series \(shown.map { $0.key.inum ?? 0 }), expected \(model.series.keys.sorted())"
    }
    for series in shown {
      guard let expected = model.series[series.key.inum ?? 0] else { continue }
      let found = Model.Series(
        events: series.events, threads: series.tasks.threads, isLive: series.isLive, endedAt: expected.endedAt
      )
      if found != expected { return "\(found), expected \(expected)" }
      let last = before.first { $0.key == series.key }
      guard let last else { continue }
      if last !== series && last.values == series.values && !touched.contains(series.key.inum ?? 0) {
        return "copied without a change"
      }
    }
    return nil
  }

  @Test("Any history has the series of the model, whether all or only changes are read", arguments: 0..<8)
  func histories(_ run: Int) {
    var random = SeededGenerator.printingSeed("LedgerModelTests.histories")
    for _ in 0..<40 {
      let steps = (0..<60).map { _ in Step.random(&random) }
      guard difference(steps) != nil else { continue }
      let fewest = steps.shrunk { difference($0) != nil }
      Issue.record("\(difference(fewest) ?? "") after \(fewest)")
      return
    }
  }
}

extension Snapshot.Series {
  /// All that a page shows of it.
  fileprivate struct Values: Equatable {
    let key: SeriesKey
    let events: EventCounts
    let births: Births
    let start: Double?
    let tasks: TaskCounts
    let isLive: Bool
    let about: Snapshot.About?
    let exemplars: Exemplars
    let starts: UInt64
  }

  fileprivate var values: Values {
    Values(
      key: key, events: events, births: births, start: start, tasks: tasks, isLive: isLive, about: about,
      exemplars: exemplars, starts: starts)
  }
}
