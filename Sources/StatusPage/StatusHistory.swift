// SPDX-License-Identifier: Apache-2.0

import LiveView
package import Namespaces

/// What the status page shows of the last minutes. Immutable once it is published.
package struct StatusHistory: Sendable {
  /// Events per second between two looks.
  struct Step: Equatable, Sendable {
    var execs: Float
    var failures: Float
  }

  /// All that is exposed, in no order.
  var rows: [Row] = []
  /// Of all of the node; nil before there are two looks.
  var node: Rates?
  /// The last steps of a series, the latest one last: as many as there have been since it is exposed.
  var sparklines: [Sample.Identity: [Step]] = [:]
  var nodeSparkline: [Step] = []
  /// How long the steps took, in seconds, the latest one last.
  var lengths: [Double] = []
  /// Namespaces that live, and series of which all have ended.
  var live = 0.0
  var retained = 0.0

  /// How many steps are kept: five minutes, with a poll a second.
  static let steps = 60
}

/// Builds ``StatusHistory`` from one poll every five seconds. Used only by the polling thread.
///
/// A series takes about a kilobyte, and goes when it is no longer exposed.
package struct Recorder: Sendable {
  /// The least time between two looks, in seconds.
  private static let step = 5.0

  private(set) var recent = StatusHistory()
  private let showsTasks: Bool
  private var meter = RateCalculator(keepsEnded: true)
  private var last = -Double.infinity

  /// Starts empty.
  ///
  /// - Parameter showsTasks: Whether tasks are counted.
  package init(showsTasks: Bool) { self.showsTasks = showsTasks }

  /// Records what a poll found, if it is time to look.
  ///
  /// - Complexity: O(series) for a look.
  package mutating func record(_ snapshot: Snapshot) -> StatusHistory {
    let time = snapshot.time
    // One that failed says nothing new: what happens meanwhile is in the step that ends with the next good one.
    guard snapshot.failure == nil else { return recent }
    // Rates need two looks: the second one comes at once. A clock that was set back begins anew.
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
      // Without rates there was no step, but for a series that has begun nobody knows when: its sparkline begins later.
      if let rates = row.rates { sparkline.append(rates) }
      sparklines[row.identity] = sparkline
    }
    recent.sparklines = sparklines
    return recent
  }
}

extension [StatusHistory.Step] {
  /// Adds a step, and forgets the first one where there are enough.
  fileprivate mutating func append(_ rates: Rates) {
    // A new list in any case: the one before is published.
    self =
      suffix(StatusHistory.steps - 1) + [
        StatusHistory.Step(execs: Float(rates.execs), failures: Float(rates.failures))
      ]
  }
}
