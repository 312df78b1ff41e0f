// SPDX-License-Identifier: Apache-2.0

package import Containers
import LibBPF
import Platform
package import Probe

/// Reads the kernel's counts into the ledger, once for each call of `poll`.
///
/// Used by one thread only: the polling thread.
package struct Poller: ~Copyable {
  private var kernel: KernelCounters
  private var ledger: Ledger
  private let naming: ContainerResolver
  private let start: Double
  private let podWatch: (() -> PodWatchStatus)?
  private var pace = TaskScanThrottle()
  private var last = Snapshot()

  /// Takes ownership of the BPF programs.
  ///
  /// - Parameters:
  ///   - start: When it began to count, in seconds since the epoch.
  ///   - podWatch: Returns the status of the watch of the node's pods; nil without a watch.
  package init(
    kernel: consuming KernelCounters, start: Double, limits: Ledger.Limits, labelling: SeriesLabels,
    naming: ContainerResolver, podWatch: (() -> PodWatchStatus)? = nil
  ) {
    // Do not wait for names that nothing can resolve.
    let labelling =
      kernel.readsIdentities
      ? labelling : SeriesLabels(level: labelling.level, grace: .zero, selection: labelling.selection)
    self.kernel = kernel
    self.naming = naming
    self.start = start
    self.podWatch = podWatch
    ledger = Ledger(limits: limits, labelling: labelling, boot: Clock.bootNanoseconds, start: start)
  }

  /// Reads the kernel once.
  ///
  /// - Parameter scraped: The numbers of the snapshots that scrapers have been sent.
  /// - Returns: The current snapshot. After an error, the previous one with the error; its number is 0 if no poll has
  ///   succeeded yet.
  /// - Complexity: In the kernel, about a microsecond for each namespace, and 0.3 to 0.8 µs for each task if a task
  ///   scan is due.
  package mutating func poll(scraped: ScrapedPolls = .none) -> Snapshot {
    // The wall clock first: all earlier events are in this poll, however long the reads take.
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
    last.process = .read(boot: last.boot)
    last.podWatch = podWatch?()
    return last
  }

  private mutating func read(
    at moment: Ledger.Moment, scraped: ScrapedPolls
  ) throws(BPFError) -> Snapshot {
    let now = moment.instant
    var snapshot = Snapshot()
    snapshot.start = start
    snapshot.walk = last.walk
    // The scan precedes the read: all events of a namespace without a task are in a later read.
    var tasks: [NamespacePart: TaskCounts]?
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
    ) { identity, cgroup in
      let whole = naming.answer(cgroupPaths: identity.cgroupPaths, initComm: identity.initComm)
      guard let cgroup else { return whole }
      return naming.answer(part: cgroup.paths, comm: "", of: whole)
    }
    snapshot.series = ledger.snapshot()
    snapshot.number = ledger.poll
    snapshot.newestBirth = ledger.newestBirth
    snapshot.boot = ledger.boot
    snapshot.live = ledger.live
    snapshot.unresolved = ledger.unresolved
    snapshot.refused = ledger.refused
    snapshot.excluded = ledger.excluded
    for part in finished {
      // If this fails, its entries are read again, and the ledger returns it again.
      try? kernel.delete(part)
    }
    try kernel.removeStaleEntries()
    snapshot.maps = kernel.maps()
    snapshot.programs = try kernel.programs()
    return snapshot
  }
}
