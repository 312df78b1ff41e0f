// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Kubernetes

@Suite struct WatchHealthTests {
  private let timings = Timings()
  private let start = ContinuousClock.now
  private var health: WatchHealth

  init() { health = WatchHealth(Timings()) }

  /// The deadline of a watch with the longest duration that begins at a given time.
  private func deadline(from moment: ContinuousClock.Instant) -> ResponseDeadline {
    ResponseDeadline(
      whole: .seconds(timings.watch.upperBound) + timings.watchSlack, silence: timings.watchSilence,
      from: moment)
  }

  @Test("The watch is not healthy before the first response, whatever fails")
  mutating func before() {
    #expect(!health.isHealthy(at: start))
    health.fail(at: start)
    #expect(!health.isHealthy(at: start))
  }

  @Test("In an idle cluster, successive watches without events stay healthy")
  mutating func idle() {
    var now = start
    health.end(at: now)
    for _ in 0..<20 {
      now += timings.connect + timings.head
      #expect(health.isHealthy(at: now))
      health.recordResponse(nextBy: deadline(from: now).instant)
      now += .seconds(timings.watch.upperBound)
      #expect(health.isHealthy(at: now))
      health.end(at: now)
    }
  }

  @Test("A watch that exceeds its timeout, or stops sending bookmarks, is not healthy")
  mutating func silent() {
    var deadline = deadline(from: start)
    health.recordResponse(nextBy: deadline.instant)
    #expect(!health.isHealthy(at: deadline.instant))
    let bookmark = start + .seconds(60)
    deadline.extend(at: bookmark, bounding: true)
    health.recordResponse(nextBy: deadline.instant)
    #expect(health.isHealthy(at: bookmark + .seconds(120)))
    #expect(!health.isHealthy(at: bookmark + timings.watchSilence))
  }

  @Test("A failure that a retry fixes is no outage; a lasting failure is, until the next response")
  mutating func failures() {
    health.recordResponse(nextBy: deadline(from: start).instant)
    health.fail(at: start)
    #expect(health.isHealthy(at: start + timings.longestBackoff))
    // Further failures do not delay it.
    for seconds in 1...60 { health.fail(at: start + .seconds(seconds)) }
    let late = start + timings.longestBackoff + timings.connect + timings.head
    #expect(!health.isHealthy(at: late))
    health.recordResponse(nextBy: deadline(from: late).instant)
    #expect(health.isHealthy(at: late + .seconds(300)))
  }
}
