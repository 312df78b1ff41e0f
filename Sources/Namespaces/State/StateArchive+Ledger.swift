// SPDX-License-Identifier: Apache-2.0

import Containers
import Platform
import Probe

extension NamespacePart {
  /// Stands for one that is about to be read.
  static var blank: NamespacePart { NamespacePart(PIDNamespace(inum: 0, generation: 0)) }
}

extension SeriesKey {
  /// Stands for one that is about to be read.
  static var blank: SeriesKey { SeriesKey(Container.Names(), inum: nil) }
}

extension StateArchive {
  mutating func code(_ certainty: inout ContainerResolver.Confidence) throws(StateError) {
    let all: [ContainerResolver.Confidence] = [.partial, .presumed, .final]
    var number = all.firstIndex(of: certainty) ?? 0
    try code(&number)
    guard all.indices.contains(number) else { throw .broken }
    certainty = all[number]
  }

  mutating func code(_ place: inout TrackedPart.Place) throws(StateError) {
    let others: [TrackedPart.Place] = [.pending, .refused, .excluded]
    var number = others.firstIndex(of: place) ?? others.count
    try code(&number)
    guard number == others.count else {
      guard others.indices.contains(number) else { throw .broken }
      place = others[number]
      return
    }
    var key = SeriesKey.blank
    if case .series(let current) = place { key = current }
    try code(&key)
    place = .series(key)
  }
}

extension Ledger {
  /// Whether the state of this poll has to be durable before its snapshot is shown and its finished parts are deleted.
  ///
  /// Counts alone need not be: they are in the kernel's maps. But which series a part is in, since when a line is
  /// shown, what scrapers have seen, and the counts of what is deleted are nowhere else.
  func hasToBeSaved(before deleted: [NamespacePart], _ scrapers: ScraperRecords) -> Bool {
    hasMoved || newestBirth == poll || !deleted.isEmpty || scrapers.areNew
  }

  /// How old a state may be: it knows when scrapers were answered last, which are forgotten after the retention.
  package var saveInterval: Duration { min(.seconds(15), (limits.retention ?? .seconds(300)) / 4) }

  /// Reads a ledger, over this empty one, or writes it.
  ///
  /// Not what the next poll knows anyway: tasks, and which polls scrapers have seen, which the caller keeps.
  mutating func code(_ archive: inout StateArchive) throws(StateError) {
    var boot = bootEpoch.nanoseconds
    try archive.code(&boot)
    try archive.code(&countingStart)
    try archive.code(&previousPoll)
    try archive.code(&poll)
    try archive.code(&newestBirth)
    try archive.code(&scan)
    try archive.code(&refused)
    try archive.code(&excluded)
    try archive.code(&handovers.complete)
    try archive.code(&handovers.incomplete)
    try archive.code(&earlierNode.total)
    for reason in DropReason.allCases {
      var dropped = earlierNode.dropped[reason] ?? EventCounts()
      try archive.code(&dropped)
      earlierNode.dropped[reason] = dropped
    }
    try archive.code(&earlierNode.detailsCounted)
    try archive.code(&earlierNode.detailsDropped)
    try archive.code(&earlierNode.partsRefused)
    try archive.code(&members, blank: (.blank, .blank)) { archive, member throws(StateError) in
      try archive.code(&member.key)
      if member.value.inhabitants > 0 { member.value.lastScan = scan }
      try member.value.code(&archive)
    }
    try archive.code(&series, blank: (.blank, .blank)) { archive, series throws(StateError) in
      try archive.code(&series.key)
      if archive.isReading { series.value = Series(series.key, born: 0, start: 0, endedAt: .now) }
      try series.value.code(&archive)
    }
    try archive.code(&gone, blank: (.blank, 0)) { archive, gone throws(StateError) in
      try archive.code(&gone.key)
      try archive.code(&gone.value)
    }
    guard archive.isReading else { return }
    bootEpoch = BootEpoch(measured: boot)
    mayLackEntries = true
    active = Set(members.keys)
    others = active.filter { !$0.isOfInit }
    moved = Set(series.keys)
    ended = moved
    containers = [:]
    for member in members.values { count(1, member.residence) }
    placeByFlags()
    // The series of a part that has ended may be gone.
    for member in members.values where !member.hasEnded {
      if case .series(let key) = member.place, series[key] == nil { throw .broken }
    }
  }
}

extension TrackedPart {
  fileprivate static var blank: TrackedPart {
    TrackedPart(isOfInit: true, firstSeen: .now, firstEvent: 0, lastScan: 0)
  }
}

extension Series {
  fileprivate static var blank: Series { Series(.blank, born: 0, start: 0, endedAt: .now) }
}
