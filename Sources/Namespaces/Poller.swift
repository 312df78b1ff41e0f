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
  private let podWatch: (() -> PodWatchStatus)?
  private let state: StateStore?
  private let stateWork = TimeLimitedWork()
  private var stateStatus = StateStatus()
  private var nextSave = ContinuousClock.now
  private var pace = TaskScanThrottle()
  private var last = Snapshot()
  /// Changes that scans found, and that the ledger did not get because a read failed since.
  private var scanned: [NamespacePart: TaskChange]?

  /// Whether the file contains all that scrapers have seen of the last snapshot. Also true if it could not be written,
  /// because nothing better can be done.
  package private(set) var hasSaved = false

  /// Takes ownership of the BPF programs.
  ///
  /// - Parameters:
  ///   - ledger: The one to continue.
  ///   - state: Where the ledger is saved; nil for nowhere.
  ///   - podWatch: Returns the status of the pod watch; nil without one.
  package init(
    kernel: consuming KernelCounters, ledger: Ledger, state: consuming StateStore? = nil,
    naming: ContainerResolver, podWatch: (() -> PodWatchStatus)? = nil
  ) {
    self.kernel = kernel
    self.naming = naming
    self.podWatch = podWatch
    self.ledger = ledger
    self.state = state
  }

  /// Reads the kernel once.
  ///
  /// - Parameter scrapers: What scrapers have been answered with.
  /// - Returns: The current snapshot. After an error, the previous one with the error: its number is 0 where no poll has
  ///   succeeded yet.
  /// - Complexity: In the kernel, about a microsecond for each namespace, and 0.3 to 0.8 µs for each task if a task
  ///   scan is due.
  package mutating func poll(scrapers: ScraperRecords = ScraperRecords()) -> Snapshot {
    hasSaved = false
    // The wall clock first: all earlier events are in this poll, however long the reads take.
    let time = Clock.epochSeconds
    let start = ContinuousClock.now
    let moment = Ledger.Moment(start, epoch: time, boot: Clock.bootNanoseconds)
    do {
      last = try read(at: moment, scrapers)
    } catch {
      last.failure = error
    }
    last.duration = ContinuousClock.now - start
    last.time = time + last.duration / .seconds(1)
    last.process = .read(boot: last.boot)
    last.podWatch = podWatch?()
    return last
  }

  /// Writes the state of the last poll, at the end.
  package mutating func save(_ scrapers: ScraperRecords) {
    guard ledger.poll > 0 else { return }
    switch state {
    case .some(let state):
      do throws(DurableFile.Failure) {
        stateStatus.bytes = try state.save(SavedState(ledger: ledger, scrapers: scrapers), by: stateWork)
        stateStatus.time = Clock.epochSeconds
        stateStatus.failure = nil
      } catch {
        stateStatus.failures += 1
        stateStatus.failure = error.description
      }
      ledger.hasMoved = false
      hasSaved = true
      nextSave = ContinuousClock.now + ledger.saveInterval
    case .none: break
    }
  }

  /// Writes the state before scrapers can see more than the file contains, and before entries are deleted.
  ///
  /// - Returns: Whether these can be deleted.
  private mutating func saveIfNeeded(
    _ finished: [NamespacePart], _ scrapers: ScraperRecords, at now: ContinuousClock.Instant
  ) -> Bool {
    guard state != nil else { return true }
    if ledger.hasToBeSaved(before: finished, scrapers) || now >= nextSave { save(scrapers) }
    // Where it cannot be written, entries wait for that, as long as others have room.
    return stateStatus.failure == nil || kernel.isHalfFull
  }

  private mutating func read(
    at moment: Ledger.Moment, _ scrapers: ScraperRecords
  ) throws(BPFError) -> Snapshot {
    let now = moment.instant
    var snapshot = Snapshot()
    snapshot.taskScan = last.taskScan
    // The scan precedes the read: all events of a namespace without a task are in a later read.
    if pace.isTime(at: now) {
      let cpu = Clock.threadCPU
      scanned = (scanned ?? [:]).merging(try kernel.scanTasks()) { $0.sum(with: $1) }
      pace.scanned(at: now, cpu: Clock.threadCPU - cpu)
      snapshot.taskScan = (moment.epoch, ContinuousClock.now - now)
    }
    let reading = try kernel.read()
    var moment = moment
    moment.readEnd = Clock.epochSeconds
    let finished = ledger.ingest(
      tasks: scanned, reading, at: moment, scraped: scrapers.polls, namesVersion: naming.version
    ) { naming.resolve($0, $1, $2) }
    scanned = nil
    ledger.fill(&snapshot, node: reading.node)
    if saveIfNeeded(finished, scrapers, at: now) {
      for part in finished {
        // If this fails, its entries are read again, and the ledger returns it again.
        try? kernel.delete(part)
      }
    }
    snapshot.state = state == nil ? nil : stateStatus
    try kernel.removeStaleEntries()
    snapshot.maps = kernel.maps()
    snapshot.programs = try kernel.programs()
    return snapshot
  }
}
