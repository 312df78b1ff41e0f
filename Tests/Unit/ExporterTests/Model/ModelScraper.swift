// SPDX-License-Identifier: Apache-2.0

import Exposition

@testable import Exporter
@testable import Namespaces

/// A Prometheus, which knows of each counter only what its pages have shown.
struct ModelScraper {
  /// A page that is on its way.
  struct Answer {
    let shown: ModelPage
    let actual: ModelPage
    let poll: Int
    /// When the exporter made that poll.
    let time: Int
    let heldView: Bool
    /// The lines of the scraper's last page that was saved then.
    let saved: Set<ModelPage.Line>
    /// The events in series that had gone then.
    let gone: [String: Tally]
  }

  let number: Int
  var answer: Answer?
  /// The last page that it has received; nil if the exporter does not remember it.
  private var last: [ModelPage.Line: UInt64]?
  /// The lines of the last page that the exporter knows of, and of the last one that it has saved.
  private(set) var known: Set<ModelPage.Line> = []
  var saved: Set<ModelPage.Line> = []
  /// The first values, and all increases since, by namespace.
  private var seen: [String: Tally] = [:]
  /// The times of the polls that the last two different pages showed, and when the last one came.
  private var times: [Int] = []
  private var lastTime = 0
  private var lastPoll = 0

  init(_ number: Int) { self.number = number }

  /// Whether the exporter knows no page that it has received.
  var isNew: Bool { last == nil }

  var format: ExpositionFormat { ExpositionFormat.allCases[number % 3] }

  static func identity(_ number: Int) -> Scrapers.Identity {
    Scrapers.Identity(address: "192.0.2.\(number)", userAgent: "Prometheus/3", accept: "", families: [])
  }

  /// Checks a page that has come.
  mutating func receive(_ answer: Answer, at time: Int, memory: Int, hasState: Bool) throws {
    let (shown, actual) = (answer.shown.values, answer.actual.values)
    // Three successive scrapes have to fit into the retention: docs/metrics.md#first-appearance.
    let isPrompt = times.first.map { answer.time - $0 < memory } ?? false
    // A page that takes longer than the retention is older than what the exporter remembers.
    let isRecent = times.last.map { answer.time - $0 < memory } ?? true
    let isKnown = last != nil && isRecent && time - lastTime < memory
    if isKnown, let last {
      for (line, value) in shown {
        if let before = last[line] {
          if value < before { throw broken("\(line) goes down from \(before) to \(value)") }
        } else if value > 0 {
          throw broken("\(line) is first seen at \(value)")
        }
        let isSaved = hasState ? answer.saved.contains(line) && last[line] != nil : last[line] != nil
        if isSaved, value != actual[line] { throw broken("\(line) is held at \(value) once more") }
      }
    } else if !answer.heldView, shown != actual {
      throw broken("a first page lacks values")
    }
    if isKnown && isPrompt, let last {
      for (line, value) in shown {
        seen[line.labels.pidns, default: [:]][line.metric, default: 0] += value - (last[line] ?? 0)
      }
      var all = seen
      all += ModelPage.sums(actual.merging(shown) { $0 - $1 })
      var expected = answer.actual.sums
      expected += answer.gone
      if let difference = all.difference(from: expected) { throw broken("sum of increases: \(difference)") }
    } else {
      seen = answer.shown.sums
      seen += answer.gone
    }
    if answer.poll != lastPoll { times = times.suffix(1) + [answer.time] }
    lastTime = time
    (last, lastPoll, known) = (shown, answer.poll, Set(shown.keys))
  }

  /// Another exporter begins, which does not know it or knows its last saved page.
  ///
  /// - Parameter hasOtherRetention: Whether series that it has not seen may have gone sooner than the new retention.
  mutating func restart(saved: Set<ModelPage.Line>?, hasOtherRetention: Bool) {
    answer = nil
    // Its polls have numbers of their own after the saved one.
    lastPoll = 0
    self.saved = saved ?? []
    known = self.saved
    // Nothing is promised until it has three pages: the last one is too old.
    if hasOtherRetention { times = [0] }
    guard saved == nil else { return }
    last = nil
    times = []
  }

  private func broken(_ text: String) -> Broken { Broken("scraper \(number): \(text)") }
}
