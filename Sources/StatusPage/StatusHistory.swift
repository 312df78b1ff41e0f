// SPDX-License-Identifier: Apache-2.0

import LiveView
package import Namespaces
import Platform
import Probe

/// The last minutes, for the status page. Immutable once it is published.
///
/// Has what each series did in the steps in which it did something. Rows and sparklines are made for a page that asks for them,
/// because most exporters have no reader of the page.
package struct StatusHistory: Sendable {
  /// Events per second between two samples.
  struct Step: Equatable, Sendable {
    var execs: Float
    var failures: Float
  }

  /// The time between two samples.
  struct Interval: Sendable {
    /// In seconds.
    let length: Double
    let node: Step
    /// The series with events, in the order of their numbers; all others had none.
    let steps: [(series: UInt32, step: Step)]
  }

  /// An exposed series.
  struct Line: Sendable {
    /// Its number, which no other series had before.
    let number: UInt32
    /// The first interval that counts for it.
    let first: Int
  }

  /// The last intervals, the latest one last, and the number of those before them.
  var intervals: [Interval] = []
  var dropped = 0
  /// The last sample, and the one before, with which it can be compared.
  var now: Snapshot?
  var before: Snapshot?
  /// For each series of the last sample, in their order.
  var lines: [Line] = []
  /// Whether tasks are counted.
  let showsTasks: Bool
  /// The rates of the node; nil before there are two samples.
  var node: Rates?

  /// The number of steps that are kept: five minutes, with a poll a second.
  static let steps = 60

  /// Live namespaces, and series of which all namespaces have ended.
  var live: Double { Double(now?.live ?? 0) }
  var retained: Double { Double(now?.series.count { !$0.isLive } ?? 0) }
  /// The durations of the steps in seconds, the latest one last.
  var lengths: [Double] { intervals.map(\.length) }
  var nodeSparkline: [Step] { intervals.map(\.node) }

  /// The rows of all exposed series, in no order.
  ///
  /// - Complexity: O(series): two microseconds for each.
  func rows() -> [Row] {
    var meter = RateCalculator(keepsEnded: true)
    for sample in [before, now].compactMap({ $0 }) {
      meter.ingest(Sample(sample, showsTasks: showsTasks), at: sample.time)
    }
    return meter.rows
  }

  /// The last steps of the exposed series since they are exposed, the latest one last.
  ///
  /// - Complexity: O(series) once, then O(steps) for each series.
  func sparklines() -> (Sample.Identity) -> [Step] {
    let series = now?.series ?? []
    let lines = Dictionary(zip(series.map { Sample.Identity($0.key) }, lines)) { $1 }
    return { identity in
      guard let line = lines[identity] else { return [] }
      return intervals.dropFirst(max(0, line.first - dropped)).map { $0[line.number] }
    }
  }
}

extension StatusHistory.Step {
  fileprivate init(_ rates: Rates) { self.init(execs: Float(rates.execs), failures: Float(rates.failures)) }
}

extension StatusHistory.Interval {
  /// The step of a series.
  subscript(series: UInt32) -> StatusHistory.Step {
    var (low, high) = (0, steps.count)
    while low < high {
      let middle = (low + high) / 2
      if steps[middle].series < series { low = middle + 1 } else { high = middle }
    }
    return low < steps.count && steps[low].series == series
      ? steps[low].step : StatusHistory.Step(execs: 0, failures: 0)
  }
}

/// Builds ``StatusHistory`` from one poll every five seconds. Used only by the polling thread.
///
/// A series uses eight bytes, and twelve for each step in which it had events; and its previous values, if they have changed.
package struct Recorder: Sendable {
  /// The shortest time between two samples, in seconds.
  private static let step = 5.0

  private(set) var recent: StatusHistory
  /// Compares the samples of the node.
  private var meter = RateCalculator()
  private var last = -Double.infinity
  private var nextNumber: UInt32 = 0

  /// Starts empty.
  ///
  /// - Parameter showsTasks: Whether tasks are counted.
  package init(showsTasks: Bool) { recent = StatusHistory(showsTasks: showsTasks) }

  /// Records a sample of a poll, if one is due.
  ///
  /// - Complexity: O(series) for a sample: some nanoseconds for each that has not changed.
  package mutating func record(_ snapshot: Snapshot) -> StatusHistory {
    let time = snapshot.time
    // A failed poll has nothing new. Events of this time are in the step that ends with the next successful poll.
    guard snapshot.failure == nil else { return recent }
    // Rates need two samples: the second one is due immediately. If the clock was set back, the history restarts.
    guard time >= last + (meter.hasRates ? Self.step : 0) || time < last else { return recent }
    meter.ingest(Sample(ofNode: snapshot), at: time)
    let before = recent.now
    recent.node = meter.node
    recent.before = meter.hasRates ? before : nil
    recent.now = snapshot
    compare(before?.series ?? [], snapshot, length: time - last)
    last = time
    return recent
  }

  /// Adds the interval since the last sample, if there are rates, and numbers the series that are new. Both lists are sorted.
  private mutating func compare(_ before: [Snapshot.Series], _ snapshot: Snapshot, length: Double) {
    let next = recent.dropped + recent.intervals.count
    var steps: [(series: UInt32, step: StatusHistory.Step)] = []
    var lines: [StatusHistory.Line] = []
    lines.reserveCapacity(snapshot.series.count)
    var place = 0
    for series in snapshot.series {
      while place < before.count && before[place] !== series && before[place].key < series.key { place += 1 }
      let known = place < before.count && (before[place] === series || before[place].key == series.key)
      let earlier = known ? before[place] : nil
      if earlier === series {
        lines.append(recent.lines[place])
        continue
      }
      let rates = meter.hasRates ? rates(of: series, since: earlier, snapshot, length) : nil
      if known {
        lines.append(recent.lines[place])
      } else {
        // Without rates, because its start is unknown, it has no step: its sparkline begins later.
        let isLater = rates == nil && meter.hasRates
        lines.append(StatusHistory.Line(number: nextNumber, first: isLater ? next + 1 : next))
        nextNumber &+= 1
      }
      if let rates, rates != Rates(), let line = lines.last {
        steps.append((line.number, StatusHistory.Step(rates)))
      }
    }
    recent.lines = lines
    guard let node = meter.node else { return }
    steps.sort { $0.series < $1.series }
    recent.intervals.append(
      StatusHistory.Interval(length: length, node: StatusHistory.Step(node), steps: steps))
    if recent.intervals.count > StatusHistory.steps {
      recent.intervals.removeFirst()
      recent.dropped += 1
    }
  }

  private func rates(
    of series: Snapshot.Series, since earlier: Snapshot.Series?, _ snapshot: Snapshot, _ length: Double
  ) -> Rates? {
    RateCalculator.rates(
      Sample.Entry(series, in: snapshot, showsTasks: false),
      since: earlier.map { Sample.Events($0.events) }, last: (last, recent.before?.process.startTime),
      now: last + length)
  }
}
