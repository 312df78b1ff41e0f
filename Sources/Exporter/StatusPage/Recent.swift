// SPDX-License-Identifier: Apache-2.0

internal import Activity
internal import Namespaces

/// What the status page shows of the last minutes. Immutable.
struct Recent: Sendable {
  /// Events per second in each step, the latest one last; fewer steps than there may be while it is young.
  struct Course: Equatable, Sendable {
    var execs: [Float] = []
    var failures: [Float] = []
  }

  /// What lives, and what has ended and still had a rate, in no order.
  var rows: [Row] = []
  /// Of all of the node; nil before there are two readings.
  var node: Rates?
  var nodeCourse = Course()
  var courses: [Reading.Identity: Course] = [:]
  /// Series of namespaces that live, and of those that have ended.
  var live = 0.0
  var retained = 0.0

  /// How far back it goes.
  static let steps = 60
}

/// Makes ``Recent`` of what polls find. It belongs to the polling thread.
///
/// A step takes in proportion to the series: 2 ms for a thousand. A series takes 480 bytes, and goes with its namespace.
struct Recorder: Sendable {
  /// The least time between two steps: with a poll a second, each fifth one is looked at.
  static let step = 5.0

  private(set) var recent = Recent()
  private var meter = Meter()
  private var last = -Double.infinity

  /// Takes what a poll found, if it is time for the next step.
  mutating func take(_ state: State) -> Recent {
    let time = state.snapshot.time
    // Rates need two looks: the second one comes at once. A clock that was set back begins anew.
    guard time >= last + (meter.hasRates ? Self.step : 0) || time < last else { return recent }
    last = time
    meter.take(Reading(state), at: time)
    recent.rows = meter.rows
    (recent.live, recent.retained, recent.node) = (meter.live, meter.retained, meter.node)
    recent.nodeCourse.append(meter.node)
    var courses: [Reading.Identity: Recent.Course] = [:]
    courses.reserveCapacity(meter.rows.count)
    for row in meter.rows {
      var course = recent.courses.removeValue(forKey: row.identity) ?? Recent.Course()
      course.append(row.rates)
      courses[row.identity] = course
    }
    recent.courses = courses
    return recent
  }
}

extension Recent.Course {
  /// Adds a step; one that has no rates, as the first, is none.
  fileprivate mutating func append(_ rates: Rates?) {
    guard let rates else { return }
    if execs.count == Recent.steps {
      execs.removeFirst()
      failures.removeFirst()
    }
    execs.append(Float(rates.execs))
    failures.append(Float(rates.failures))
  }
}
