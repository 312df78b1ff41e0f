// SPDX-License-Identifier: Apache-2.0

import Harness
import Platform
import Synchronization
import Testing

/// Work that hangs delays its caller by the limit once.
@Suite(.timeLimit(.minutes(5))) struct TimeLimitedWorkTests {
  @Test("Results of quick work arrive, one after the other")
  func quick() {
    let work = TimeLimitedWork(limit: .seconds(300))
    for number in 0..<2000 { #expect(work.run { number } == number) }
  }

  @Test("Nobody waits for work that hangs; its result is reported late, and then there is room for more")
  func hung() throws {
    let work = TimeLimitedWork(limit: .milliseconds(1))
    let release = Semaphore()
    let late = Atomic(0)
    let runs = Atomic(0)
    let first = work.run {
      release.wait()
      return 7
    } late: {
      late.store($0, ordering: .relaxed)
    }
    #expect(first == nil)
    // Does not run, also not later.
    for _ in 0..<100 { #expect(work.run { runs.add(1, ordering: .relaxed) } == nil) }
    #expect(late.load(ordering: .relaxed) == 0)
    release.signal()
    try eventually("the result is reported") { late.load(ordering: .relaxed) == 7 }
    try eventually("there is room") { work.run { 8 } == 8 }
    #expect(runs.load(ordering: .relaxed) == 0)
  }

  @Test("What the work refers to is released with it")
  func ended() throws {
    final class Held: Sendable {}
    weak var held: Held?
    do {
      let work = TimeLimitedWork(limit: .seconds(300))
      let object = Held()
      held = object
      #expect(work.run { withExtendedLifetime(object) { true } } == true)
    }
    try eventually("it is released") { held == nil }
  }
}
