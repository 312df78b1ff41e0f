// SPDX-License-Identifier: Apache-2.0

package import Containers
import LibBPF
import Platform
package import Probe

/// Brings the kernel's counts and the ledger together, once for each call of `poll`.
///
/// Belongs to one thread: the one that polls.
package struct Poller: ~Copyable {
  private var kernel: KernelCounters
  private var ledger: Ledger
  private var naming: ContainerResolver
  private var pace = TaskScanThrottle()
  private var last = Snapshot()

  /// Takes ownership of the kernel half.
  ///
  /// - Parameter start: When it began to count, in seconds since the epoch.
  package init(
    kernel: consuming KernelCounters, start: Double, limits: Ledger.Limits, labelling: SeriesLabels,
    naming: ContainerResolver
  ) {
    // Names that will never come are not waited for.
    let labelling =
      kernel.readsIdentities
      ? labelling : SeriesLabels(level: labelling.level, grace: .zero, selection: labelling.selection)
    self.kernel = kernel
    self.naming = naming
    ledger = Ledger(limits: limits, labelling: labelling, boot: Clock.bootNanoseconds, start: start)
  }

  /// Reads the kernel once.
  ///
  /// - Parameter scraped: The numbers of the snapshots that scrapers have been answered with.
  /// - Returns: The current snapshot. After an error, the previous one with the error.
  /// - Complexity: In the kernel, about a microsecond for each namespace, and 0.3 to 0.8 µs for each task if it
  ///   is time for a walk over them.
  package mutating func poll(scraped: ScrapedPolls) -> Snapshot {
    // The time of day first: what happened before it is in this poll, however long anything takes.
    let time = Clock.epochSeconds
    let start = ContinuousClock.now
    let moment = Ledger.Moment(start, epoch: time, boot: Clock.bootNanoseconds)
    do {
      last = try read(at: moment, scraped: scraped)
    } catch {
      last.failure = error
    }
    last.duration = ContinuousClock.now - start
    last.time = time + last.duration / .seconds(1)
    return last
  }

  private mutating func read(
    at moment: Ledger.Moment, scraped: ScrapedPolls
  ) throws(BPFError) -> Snapshot {
    let now = moment.instant
    var snapshot = Snapshot()
    snapshot.walk = last.walk
    // The scan comes first: the ledger detects the end of a namespace by its absence from a later reading.
    var tasks: [PIDNamespace: TaskCounts]?
    if pace.isTime(at: now) {
      let cpu = Clock.threadCPU
      tasks = try kernel.walkTasks()
      pace.walked(at: now, cpu: Clock.threadCPU - cpu)
      snapshot.walk = (moment.epoch, ContinuousClock.now - now)
    }
    let reading = try kernel.read()
    var moment = moment
    moment.readEnd = Clock.epochSeconds
    snapshot.node = reading.node
    let finished = ledger.ingest(
      tasks: tasks, reading, at: moment, scraped: scraped, namesVersion: naming.version
    ) { naming.answer(cgroupPath: $0.cgroupPath, initComm: $0.initComm) }
    snapshot.namespaces = ledger.snapshot()
    snapshot.number = ledger.poll
    snapshot.newestBirth = ledger.newestBirth
    snapshot.boot = ledger.boot
    snapshot.live = ledger.live
    snapshot.unresolved = ledger.unresolved
    snapshot.refused = ledger.refused
    snapshot.excluded = ledger.excluded
    var left = reading.events
    for namespace in finished {
      let events = left.removeValue(forKey: namespace) ?? EventCounts()
      do throws(BPFError) {
        try kernel.delete(namespace, events)
      } catch {
        // Its entries are read again, and the ledger returns them again.
        left[namespace] = events
      }
    }
    snapshot.maps = try kernel.maps(holding: left.values)
    snapshot.programs = try kernel.programs()
    return snapshot
  }
}
