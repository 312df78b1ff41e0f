// SPDX-License-Identifier: Apache-2.0

public import BPFKit

/// Brings the kernel's counts and the ledger together, once for each call of `poll`.
///
/// Belongs to one thread: the one that polls.
public struct Poller: ~Copyable {
  private let kernel: KernelCounters
  private var ledger: Ledger
  private var last = Snapshot()

  /// Takes ownership of the kernel half.
  public init(kernel: consuming KernelCounters, limits: Ledger.Limits) {
    self.kernel = kernel
    ledger = Ledger(limits: limits)
  }

  /// Reads the kernel once.
  ///
  /// - Returns: What is known now. After an error, that is what was known before, and the error.
  /// - Complexity: In the kernel, 0.6 µs for each task and 0.3 µs for each namespace.
  public mutating func poll() -> Snapshot {
    let start = ContinuousClock.now
    do {
      last = try read(at: start)
    } catch {
      last.failure = error
    }
    last.duration = ContinuousClock.now - start
    return last
  }

  private mutating func read(at now: ContinuousClock.Instant) throws(BPFError) -> Snapshot {
    var snapshot = Snapshot()
    // The walk comes first: what the ledger concludes from a namespace's absence depends on it.
    let live = try kernel.liveNamespaces()
    let entries = try kernel.counts()
    snapshot.node = try kernel.nodeCounts()
    let finished = ledger.take(live: live, entries: entries, at: now)
    snapshot.namespaces = ledger.snapshot()
    snapshot.refused = ledger.refused
    for namespace in finished { try kernel.delete(namespace) }
    snapshot.maps = try kernel.maps(namespaceEntries: entries.count - finished.count)
    snapshot.programs = try kernel.programs()
    return snapshot
  }
}
