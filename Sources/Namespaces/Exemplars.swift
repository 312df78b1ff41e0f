// SPDX-License-Identifier: Apache-2.0

package import Probe

/// The latest process of each kind that the namespaces of a series have had.
package struct Exemplars: Equatable, Sendable {
  /// A process, and when it was that.
  package struct Exemplar: Equatable, Sendable {
    /// The process.
    package let process: ProcessExemplar
    /// When that happened, in microseconds since the epoch, as the clocks had it when it was read: that never
    /// changes afterwards, as a scraper would take it for another one.
    package let microseconds: Int64
  }

  /// A list: most series have a handful of kinds, and none has more than there are signals.
  private var latest: [Exemplar] = []

  /// Has none.
  package init() {}

  /// The latest process of a kind.
  ///
  /// - Complexity: O(kinds that the series has had).
  package subscript(kind: ProcessExemplar.Kind) -> Exemplar? { latest.first { $0.process.kind == kind } }

  /// Records a process, unless there is one of the kind that is as late.
  ///
  /// - Parameter boot: When the machine started, in nanoseconds since the epoch, as the clocks have it now.
  mutating func record(_ process: ProcessExemplar, boot: Int64) {
    let time = boot + Int64(clamping: process.time)
    record(Exemplar(process: process, microseconds: time / 1000))
  }

  /// Merges those of others that are later.
  mutating func merge(_ others: Exemplars) {
    for exemplar in others.latest { record(exemplar) }
  }

  mutating func code(_ archive: inout StateArchive) throws(StateError) {
    let blank = ProcessExemplar(.exec, time: 0, pid: 0, hostPID: 0, ppid: 0, comm: "")
    try archive.code(&latest, blank: Exemplar(process: blank, microseconds: 0)) {
      archive, exemplar throws(StateError) in
      var (process, microseconds) = (exemplar.process, exemplar.microseconds)
      try archive.code(&process)
      try archive.code(&microseconds)
      exemplar = Exemplar(process: process, microseconds: microseconds)
    }
  }

  private mutating func record(_ exemplar: Exemplar) {
    guard let index = latest.firstIndex(where: { $0.process.kind == exemplar.process.kind }) else {
      latest.append(exemplar)
      return
    }
    let before = latest[index]
    guard exemplar.process.time > before.process.time else { return }
    latest[index] =
      exemplar.isOutOfOrder(after: before) ? exemplar.moved(to: before.microseconds + 1) : exemplar
  }
}

extension Exemplars.Exemplar {
  /// Whether a later event has no later time: the two clocks that the time comes from are read one after the other, and a
  /// busy machine may run something else in between. Prometheus would refuse it at every scrape. A second or more is no such
  /// error: the clock was set back.
  fileprivate func isOutOfOrder(after before: Self) -> Bool {
    microseconds <= before.microseconds && before.microseconds - microseconds < 1_000_000
  }

  fileprivate func moved(to microseconds: Int64) -> Self {
    Self(process: process, microseconds: microseconds)
  }
}
