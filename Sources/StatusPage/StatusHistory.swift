// SPDX-License-Identifier: Apache-2.0

import LiveView
package import Namespaces

/// The last minutes, for the status page. Immutable once it is published.
package struct StatusHistory: Sendable {
  /// Events per second between two samples.
  struct Step: Equatable, Sendable {
    var execs: Float
    var failures: Float
  }

  /// The rows of all exposed series, in no order.
  var rows: [Row] = []
  /// The rates of the node; nil before there are two samples.
  var node: Rates?
  /// The last steps of a series since it is exposed, the latest one last.
  var sparklines: [Sample.Identity: [Step]] = [:]
  var nodeSparkline: [Step] = []
  /// The durations of the steps in seconds, the latest one last.
  var lengths: [Double] = []
  /// Live namespaces, and series of which all namespaces have ended.
  var live = 0.0
  var retained = 0.0

  /// The number of steps that are kept: five minutes, with a poll a second.
  static let steps = 60
}

/// Builds ``StatusHistory`` from one poll every five seconds. Used only by the polling thread.
///
/// A series uses about a kilobyte, and is removed when it is no longer exposed.
package struct Recorder: Sendable {
  /// The shortest time between two samples, in seconds.
  private static let step = 5.0

  private(set) var recent = StatusHistory()
  private let showsTasks: Bool
  private var meter = RateCalculator(keepsEnded: true)
  private var last = -Double.infinity

  /// Starts empty.
  ///
  /// - Parameter showsTasks: Whether tasks are counted.
  package init(showsTasks: Bool) { self.showsTasks = showsTasks }

  /// Records a sample of a poll, if one is due.
  ///
  /// - Complexity: O(series) for a sample.
  package mutating func record(_ snapshot: Snapshot) -> StatusHistory {
    let time = snapshot.time
    // A failed poll has nothing new. Events of this time are in the step that ends with the next successful poll.
    guard snapshot.failure == nil else { return recent }
    // Rates need two samples: the second one is due immediately. If the clock was set back, the history restarts.
    guard time >= last + (meter.hasRates ? Self.step : 0) || time < last else { return recent }
    meter.ingest(Sample(snapshot, showsTasks: showsTasks), at: time)
    (recent.rows, recent.node, recent.live, recent.retained) = (
      meter.rows, meter.node, meter.live, meter.retained
    )
    if let node = meter.node {
      recent.nodeSparkline.append(node)
      recent.lengths = recent.lengths.suffix(StatusHistory.steps - 1) + [time - last]
    }
    last = time
    var sparklines: [Sample.Identity: [StatusHistory.Step]] = [:]
    sparklines.reserveCapacity(meter.rows.count)
    for row in meter.rows {
      var sparkline = recent.sparklines[row.identity] ?? []
      // A series without rates, because its start is unknown, has no step: its sparkline begins later.
      if let rates = row.rates { sparkline.append(rates) }
      sparklines[row.identity] = sparkline
    }
    recent.sparklines = sparklines
    return recent
  }
}

extension [StatusHistory.Step] {
  /// Adds a step, and removes the first one if there are enough.
  fileprivate mutating func append(_ rates: Rates) {
    // Always a new list, because the previous one is published.
    self =
      suffix(StatusHistory.steps - 1) + [
        StatusHistory.Step(execs: Float(rates.execs), failures: Float(rates.failures))
      ]
  }
}
