// SPDX-License-Identifier: Apache-2.0

package import Probe

/// The latest process of each kind in the namespaces of a series.
package struct Exemplars: Equatable, Sendable {
  /// A process, and the time of its event.
  package struct Exemplar: Equatable, Sendable {
    /// The process.
    package let process: ProcessExemplar
    /// The time of the event, in microseconds since the epoch, by the clocks at the time of the read. It never changes
    /// afterwards: otherwise a scraper would store it as another exemplar.
    package let microseconds: Int64
  }

  /// A list: most series have a few kinds, and none has more than there are signals.
  private var latest: [Exemplar] = []

  /// Starts empty.
  package init() {}

  /// The latest process of a kind.
  ///
  /// - Complexity: O(kinds that the series has had).
  package subscript(kind: ProcessExemplar.Kind) -> Exemplar? { latest.first { $0.process.kind == kind } }

  /// Whether there is none of the kind that is as late.
  func isNew(_ process: ProcessExemplar) -> Bool {
    self[process.kind].map { process.time > $0.process.time } ?? true
  }

  /// Records a process, unless there is one of the kind that is as late.
  ///
  /// - Parameter boot: When the machine started, in nanoseconds since the epoch, by the current clocks.
  mutating func record(_ process: ProcessExemplar, boot: Int64) {
    // Not before the epoch, which a wall clock may be near to.
    let time = max(0, boot.addingReportingOverflow(Int64(clamping: process.time)).partialValue)
    record(Exemplar(process: process, microseconds: time / 1000))
  }

  /// Merges the later ones of another list.
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
      guard (0..<1 << 60).contains(microseconds) else { throw .broken }
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
  /// Whether a later event has no later time. The time is computed from two clocks, and a busy machine may run
  /// something else between the two reads. Prometheus would reject such an exemplar at every scrape. A difference of a
  /// second or more has another cause: the clock was set back.
  fileprivate func isOutOfOrder(after before: Self) -> Bool {
    microseconds <= before.microseconds && before.microseconds - microseconds < 1_000_000
  }

  fileprivate func moved(to microseconds: Int64) -> Self {
    Self(process: process, microseconds: microseconds)
  }
}
