// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Probe

@testable import Exporter
@testable import Namespaces

/// A machine, its exporter and three scrapers; and what the exporter promises about their pages.
struct ModelWorld {
  private let setting: Setting
  private var machine: Machine
  private var exporter: ModelExporter
  private var scrapers = Step.scrapers.map { ModelScraper($0) }
  private var file: ModelExporter.File?
  /// The last page with all actual values.
  private var page: ModelPage?
  private var pageCount = 0
  /// When a series was last live on a page.
  private var lastLive: [ModelPage.Labels: Int] = [:]
  /// The events in series that have gone, by namespace.
  private var gone: [String: Tally] = [:]
  /// The series that processes have removed which were killed before a page showed that.
  private var removedUnseen: Set<ModelPage.Labels> = []
  /// The series that such a process has removed or moved to other names: those that no scraper was sent may begin again.
  private var renamedUnseen: Set<ModelPage.Labels> = []
  /// The highest number of series. A state of a process with a higher limit may have more, until they end.
  private var seriesLimit: Int
  /// Namespaces that had no room: their events may be in no series.
  private var crowded: Set<UInt32> = []

  init(_ setting: Setting) throws {
    self.setting = setting
    machine = Machine(partLimit: setting.parts)
    exporter = try ModelExporter(setting, setting.flags, &machine, &file)
    seriesLimit = setting.flags.series
  }

  /// Runs a history, then waits until nothing is left to be shown.
  ///
  /// - Returns: The promise that it breaks; nil if it keeps all.
  static func broken(by steps: [Step], _ setting: Setting) -> String? {
    var index = 0
    do {
      var world = try ModelWorld(setting)
      for step in steps {
        try world.apply(step)
        index += 1
      }
      try world.settle()
      return nil
    } catch {
      return "\(index < steps.count ? "step \(index + 1)" : "at the end"): \(error)"
    }
  }

  mutating func apply(_ step: Step) throws {
    switch step {
    case .begin(let inum, let path, let isOld): machine.begin(inum, in: path, isOld: isOld)
    case .exec(let inum, let path): machine.exec(inum, in: path)
    case .run(let inum, let path, let deed): machine.run(inum, in: path, deed)
    case .stay(let inum, let path): machine.stay(inum, in: path)
    case .leave(let inum, let path): machine.leave(inum, in: path)
    case .remove(let path): machine.remove(path)
    case .end(let inum): machine.end(inum)
    case .name(let path, let name): machine.name(path, name)
    case .wait(let seconds): try wait(seconds)
    case .scan: exporter.scan(&machine)
    case .poll: try poll()
    case .request(let number): try request(number)
    case .receive(let number): try receive(number)
    case .abort(let number): abort(number)
    case .restart(let restart): if setting.hasState { try self.restart(restart) }
    }
  }

  /// A new process polls at once.
  private mutating func wait(_ seconds: Int) throws {
    if exporter.published == nil { try poll() }
    machine.time += seconds
  }

  // MARK: The exporter

  private mutating func poll(killed end: Restart.End? = nil) throws {
    try exporter.poll(&machine, &file, killed: end, seen: seen)
    crowded.formUnion(exporter.crowded)
    if let file { for index in scrapers.indices { scrapers[index].saved = file.seen[index] ?? [] } }
    if end == nil { try checkPublication() }
  }

  /// The lines that each scraper has seen, as far as the exporter knows.
  private var seen: [Int: Set<ModelPage.Line>] {
    scrapers.reduce(into: [:]) { $0[$1.number] = $1.known }
  }

  private mutating func restart(_ restart: Restart) throws {
    switch restart.end {
    case .stopped:
      let records = exporter.scrapers.records(at: ModelExporter.moment(machine).instant)
      if exporter.ledger.poll > 0 { try exporter.save(machine, &file, records, seen) }
    case .betweenPolls: break
    default:
      try poll(killed: restart.end)
      noteUnpublished(exporter)
    }
    // Removed by a process that does not publish it, with its own retention.
    let expired = Set(exporter.expired.map(ModelPage.Labels.init))
    try checkRetention(expired)
    removedUnseen.formUnion(expired)
    if restart.losesState { loseState() }
    machine.time += restart.downtime
    for labels in lastLive.keys { lastLive[labels]? += restart.downtime }
    let before = exporter.flags
    let flags = restart.flags ?? before
    if restart.isUpgrade, machine.layouts.count == 1 { machine.addLayout(partLimit: restart.parts) }
    if restart.isRevoked, machine.layouts.count == 1 {
      machine.addLayout(partLimit: nil)
      for deed in [Deed.fork, .exit(0)] { machine.run(1, in: "/other", deed) }
      machine.revokeLayout()
    }
    if restart.isKilledBeforeRemoval {
      try noteUnpublished(ModelExporter(setting, flags, &machine, &file, isKilled: true))
    }
    exporter = try ModelExporter(setting, flags, &machine, &file)
    seriesLimit = max(flags.series, exporter.ledger.series.count)
    for index in scrapers.indices {
      scrapers[index].restart(
        saved: file?.seen[index], hasOtherRetention: flags.retention != before.retention)
    }
  }

  /// Notes the series that a process without a page has removed.
  private mutating func noteUnpublished(_ killed: ModelExporter) {
    renamedUnseen.formUnion(
      (page?.series ?? []).subtracting(killed.ledger.series.keys.map(ModelPage.Labels.init)))
  }

  /// Series begin at what the maps have.
  private mutating func loseState() {
    (file, page) = (nil, nil)
    (gone, goneBefore, lastLive, removedUnseen) = ([:], [:], [:], [])
    machine.forgetDeleted()
  }

  // MARK: Scrapers

  private mutating func request(_ number: Int) throws {
    guard let published = exporter.published, let page, scrapers[number].answer == nil else { return }
    let held = exporter.scrapers.begin(
      ModelScraper.identity(number), published, isShown: true, at: ModelExporter.moment(machine).instant)
    var view = held ?? .ofEverything
    scrapers[number].answer = ModelScraper.Answer(
      shown: try ModelPage(published, as: scrapers[number].format, isWhole: setting.readsAll, for: &view),
      actual: page,
      poll: published.number, time: Int(published.snapshot.time), heldView: held != nil,
      saved: scrapers[number].saved, gone: gone)
  }

  private mutating func abort(_ number: Int) {
    guard let answer = scrapers[number].answer else { return }
    if answer.heldView { exporter.scrapers.finishHeldAnswer() }
    scrapers[number].answer = nil
  }

  private mutating func receive(_ number: Int) throws {
    guard let answer = scrapers[number].answer else { return }
    abort(number)
    // Not promised: the exporter does not know yet that a new scraper has not seen the end of a series.
    if scrapers[number].isNew && answer.gone != gone { return }
    exporter.scrapers.finish(
      ModelScraper.identity(number), poll: answer.poll, at: ModelExporter.moment(machine).instant)
    try scrapers[number].receive(
      answer, at: machine.time, memory: exporter.flags.memory, hasState: setting.hasState)
  }

  // MARK: Promises

  /// The events of each namespace; of all together, if `pidns` is not a label.
  private var done: [String: Tally] {
    var done: [String: Tally] = [:]
    for (inum, tally) in machine.done where inum != setting.excluded {
      done += [setting.level == .pidns ? "\(inum)" : "": tally]
    }
    return done
  }

  private mutating func checkPublication() throws {
    guard let published = exporter.published else { return }
    var view = FirstView.ofEverything
    pageCount += 1
    let format = ExpositionFormat.allCases[pageCount % 3]
    let new = try ModelPage(published, as: format, isWhole: setting.readsAll, for: &view)
    let old = page
    page = new
    // No counter goes down, for anybody.
    for (line, value) in new.values where !renamedUnseen.contains(line.labels) {
      if let before = old?.values[line], value < before {
        throw Broken("\(line) goes down from \(before) to \(value)")
      }
    }
    renamedUnseen = []
    try checkGone(old, new, published)
    // Each event is at most once in all series there are and were.
    var total = new.sums
    total += gone
    if let excess = total.excess(over: done) { throw Broken("more than was done: \(excess)") }
    // No event that was shown is lost.
    if let before = old?.sums {
      var least = before
      least += goneBefore
      if let excess = least.excess(over: total) { throw Broken("shown before: \(excess)") }
    }
    goneBefore = gone
    if new.series.count > seriesLimit { throw Broken("\(new.series.count) series, limit \(seriesLimit)") }
    seriesLimit = max(exporter.flags.series, new.series.count)
    try checkNames(new)
  }

  /// `gone` at the last publication.
  private var goneBefore: [String: Tally] = [:]

  /// A series is removed after the retention at the earliest, or renamed.
  private mutating func checkGone(_ old: ModelPage?, _ new: ModelPage, _ published: PublishedSnapshot) throws
  {
    let expired = removedUnseen.union(exporter.expired.map(ModelPage.Labels.init))
    (removedUnseen, exporter.expired) = ([], [])
    let removed = (old?.series ?? []).subtracting(new.series).intersection(expired)
    try checkRetention(removed)
    gone += ModelPage.sums(old?.values.filter { removed.contains($0.key.labels) } ?? [:])
    for series in published.snapshot.series where series.isLive {
      lastLive[ModelPage.Labels(series.key)] = machine.time
    }
  }

  private mutating func checkRetention(_ removed: Set<ModelPage.Labels>) throws {
    let retention = exporter.flags.retention
    for labels in removed {
      guard let live = lastLive.removeValue(forKey: labels) else { continue }
      if retention == 0 || machine.time - live < retention {
        throw Broken("\(labels) is removed \(machine.time - live) s after it was live")
      }
    }
  }

  /// A series of a namespace has a name that one of its containers had.
  private func checkNames(_ page: ModelPage) throws {
    guard setting.level == .pidns else { return }
    for labels in page.series {
      let names = UInt32(labels.pidns).flatMap { machine.names[$0] } ?? []
      guard
        labels.container + labels.unit == ""
          || names.contains(where: {
            $0.container == labels.container && $0.unit == labels.unit
          })
      else { throw Broken("\(labels) was never called that") }
    }
  }

  /// Lets the exporter and the scrapers go on until all is shown, and compares with what was done.
  private mutating func settle() throws {
    for number in Step.scrapers { abort(number) }
    for _ in 0..<10 {
      try wait(max(5, exporter.flags.memory / 6))
      exporter.scan(&machine)
      try poll()
      for number in Step.scrapers {
        try request(number)
        try receive(number)
      }
    }
    guard let page else { return }
    var total = page.sums
    total += gone
    let unshown = setting.level == .pidns ? Set(crowded.map { "\($0)" }) : crowded.isEmpty ? [] : [""]
    let isComplete = { (name: String) in !unshown.contains(name) }
    let expected = done.filter { isComplete($0.key) }
    if let difference = total.filter({ isComplete($0.key) }).difference(from: expected) {
      throw Broken("not all is shown: \(difference)")
    }
    // The gauges are those of the last scan.
    var processes: [String: Tally] = [:]
    for (labels, value) in page.processes { processes += [labels.pidns: ["processes": value]] }
    var living: [String: Tally] = [:]
    for (inum, value) in machine.processes where inum != setting.excluded {
      living += [setting.level == .pidns ? "\(inum)" : "": ["processes": value]]
    }
    if let difference = processes.filter({ isComplete($0.key) }).difference(
      from: living.filter { isComplete($0.key) })
    {
      throw Broken("tasks: \(difference)")
    }
    // Nothing is kept of parts that have ended.
    for part in exporter.ledger.members.keys where !machine.livingParts.contains(part) {
      throw Broken("\(part) is kept")
    }
  }
}

extension ModelPage.Labels {
  init(_ key: SeriesKey) {
    self.init(
      pidns: key.inum.map { "\($0)" } ?? "", namespace: key.names.namespace, pod: key.names.pod,
      container: key.names.container, unit: key.names.unit)
  }
}
