// SPDX-License-Identifier: Apache-2.0

import Platform
import Probe

/// What a poll has read, part by part.
extension Ledger {
  /// Adds what has changed in the kernel's maps.
  mutating func ingest(_ reading: KernelCounters.Reading, _ now: Moment) {
    for (namespace, identity) in reading.newIdentities {
      let part = NamespacePart(namespace)
      track(part, now)
      members[part]?.ingest(identity)
      active.insert(part)
    }
    for (part, counts) in reading.counts {
      ingest(part, now) { ($0.counts, $0.exits) = (counts.counts, counts.exits) }
    }
    for (part, deaths) in reading.deaths { ingest(part, now) { $0.replaceSignalDeaths(by: deaths) } }
    for (part, details) in reading.details { ingest(part, now) { $0.replaceDetails(by: details) } }
    if reading.hasNewCgroups || !reading.newIdentities.isEmpty || mayLackCgroups {
      for part in others where reading.hasEntry(part) {
        guard let cgroup = reading.cgroups[part.cgroup] else { continue }
        members[part]?.ingest(cgroup, in: reading.identities[part.namespace], at: poll)
        if members[part]?.isToBePlaced == true || cgroup.isRemoved { active.insert(part) }
      }
      mayLackCgroups = others.contains { members[$0]?.cgroup == nil }
    }
    for (part, process) in reading.exemplars { record(process, of: part, now) }
  }

  /// Has the parts of cgroups end that have no entry in the first reading of these maps: no programs count in them any more. They were
  /// not carried over to these maps, or were deleted after the last state. If one gets an entry later, it is a new part.
  mutating func findLackingEntries(_ reading: KernelCounters.Reading) {
    guard mayLackEntries else { return }
    mayLackEntries = false
    for part in others where !reading.hasEntry(part) {
      guard let member = members[part], !member.hasEnded, !member.hasRemovedCgroup else { continue }
      members[part]?.lacksEntry = true
      active.insert(part)
    }
  }

  private mutating func ingest(
    _ part: NamespacePart, _ now: Moment, _ change: (inout EventCounts) -> Void
  ) {
    track(part, now)
    // In place: a copy of a tracked part is a kilobyte.
    guard let index = members.index(forKey: part), let shown = members.values[index].ingest(change) else {
      return
    }
    let poll = poll
    self.change(shown.key) { $0.add(shown.increase, at: poll) }
  }

  private mutating func record(_ process: ProcessExemplar, of part: NamespacePart, _ now: Moment) {
    guard let index = members.index(forKey: part) else { return }
    if case .series(let key) = members.values[index].place {
      change(key) { $0.record(process, boot: now.boot) }
    } else {
      members.values[index].unshownExemplars.record(process, boot: now.boot)
    }
  }

  /// Begins to track a part, and that of its namespace's init, which shows when the namespace ends.
  private mutating func track(_ part: NamespacePart, _ now: Moment) {
    for part in part.isOfInit ? [part] : [part.ofInit, part] where members.index(forKey: part) == nil {
      members[part] = TrackedPart(
        isOfInit: part.isOfInit, isNew: poll > 1, firstSeen: now.instant,
        firstEvent: previousPoll, lastScan: scan)
      active.insert(part)
      if !part.isOfInit {
        others.insert(part)
        mayLackCgroups = true
      }
    }
  }

  /// Adds what a scan has found to differ from the last one.
  mutating func ingest(scanned tasks: [NamespacePart: TaskChange], _ now: Moment) {
    scan += 1
    var tasks = tasks
    tasks.merge(strays) { $0.sum(with: $1) }
    strays = [:]
    for (part, change) in tasks where change.places > 0 || members.index(forKey: part) != nil {
      track(part, now)
      members[part.ofInit]?.ingest(places: change.places, before: scan)
      if members[part.ofInit]?.inhabitants == 0 { active.insert(part.ofInit) }
      guard let index = members.index(forKey: part) else { continue }
      members.values[index].ingest(change)
      if members.values[index].isToBePlaced { active.insert(part) }
      if members.values[index].hasCountedTasks, case .series(let key) = members.values[index].place {
        self.change(key) { $0.add(change.counts) }
      }
    }
    // A part without a change was scanned, too.
    for part in active where !part.isOfInit && tasks[part] == nil { members[part]?.ingest(TaskChange()) }
  }

  /// Keeps the tasks of a part that is forgotten: if the next scan finds them, it is a part again.
  mutating func forgetTasks(of part: NamespacePart, _ member: TrackedPart) {
    if member.hasCountedTasks, case .series(let key) = member.place {
      change(key) { $0.remove(member.tasks) }
    }
    if member.places != 0 {
      strays[part] = member.scanned
      members[part.ofInit]?.ingest(places: -member.places, before: scan + 1)
    }
    guard part.isOfInit, member.inhabitants != member.places else { return }
    // The tasks of its other parts have to be found again, too.
    for other in others where other.namespace == part.namespace {
      guard let scanned = members[other]?.scanned, scanned.places != 0 else { continue }
      strays[other] = scanned
      if members[other]?.hasCountedTasks == true, case .series(let key)? = members[other]?.place {
        change(key) { $0.remove(scanned.counts) }
      }
      members[other]?.forgetTasks()
    }
  }
}
