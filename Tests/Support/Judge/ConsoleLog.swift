// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// What the console of a virtual machine said, judged.
///
/// The lines that count begin with `@@` and a word; other lines of a console are skipped:
///
///     @@ fact NAME VALUE      about the kernel, in a word and the rest of the line
///     @@ case NAME            what follows is of this run of the workload
///     @@ truth JSON           a line of the workload
///     @@ metric SAMPLE        a line of the scrape
///     @@ compare [after-ready]  the truths since the last comparison, with the samples since then
///     @@ error TEXT           what kept the case from being run
///     @@ without NAME         a case that other machines run: it is of the exporter, which this one has not
///     @@ end                  all cases have been run
struct ConsoleLog {
  /// How a case went.
  struct CaseResult {
    /// Namespaces' comparisons; none is no result.
    var comparisons: [(pidns: UInt32, comparison: Comparison)] = []
    /// What else is wrong.
    var errors: [String] = []
    var misses: [String: Int] = [:]
  }

  private(set) var facts: [(name: String, value: String)] = []
  private(set) var results: [(name: String, result: CaseResult)] = []
  /// Cases that the machine cannot run.
  private(set) var withoutCases: Set<String> = []
  /// Whether the machine got to the end.
  private(set) var isComplete = false

  private var truths: [Truth] = []
  private var samples: [Substring] = []

  init(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      // A line of the kernel's may be cut short by one of ours.
      guard let marker = line.range(of: "@@ ") else { continue }
      let words = line[marker.upperBound...].split(separator: " ", maxSplits: 1)
      ingest(words.first ?? "", words.count > 1 ? words[1] : "")
    }
  }

  private mutating func ingest(_ word: Substring, _ rest: Substring) {
    switch word {
    case "fact":
      let words = rest.split(separator: " ", maxSplits: 1).map(String.init)
      if words.count == 2 { facts.append((words[0], words[1])) }
    case "case":
      results.append((String(rest), CaseResult()))
      truths = []
      samples = []
    case "truth":
      do {
        truths.append(try JSONDecoder().decode(Truth.self, from: Data(rest.utf8)))
      } catch { fail("not a line of the workload: \(rest)") }
    case "metric": samples.append(rest)
    case "compare": compare(afterReady: rest == "after-ready")
    case "error": fail(String(rest))
    case "without": withoutCases.insert(String(rest))
    case "end": isComplete = true
    default: fail("no such line: \(word) \(rest)")
    }
  }

  private mutating func compare(afterReady: Bool) {
    defer {
      truths = []
      samples = []
    }
    do {
      let scrape = try Scrape(samples.joined(separator: "\n"))
      if truths.isEmpty { fail("the workload said nothing") }
      // Namespaces after one another may have one inum; their events add up.
      for (pidns, truths) in Dictionary(grouping: truths, by: \.pidns).sorted(by: { $0.key < $1.key }) {
        let stated = afterReady ? truths.compactMap(\.afterReady) : truths.map(\.facts)
        let truth = stated.reduce(Facts(), +)
        if truth.values.isEmpty { fail("no truth after ready of \(pidns)") }
        let comparison = Comparison(truth: truth, counted: scrape.facts(pidns))
        if !results.isEmpty {
          results[results.count - 1].result.comparisons.append((pidns, comparison))
        }
      }
      if scrape.dropped > 0 { fail("\(scrape.dropped) events dropped") }
      if !results.isEmpty {
        results[results.count - 1].result.misses.merge(scrape.misses) { max($0, $1) }
      }
    } catch { fail("\(error)") }
  }

  private mutating func fail(_ error: String) {
    // Before the first case it is none's own.
    if results.isEmpty { results.append(("start", CaseResult())) }
    results[results.count - 1].result.errors.append(error)
  }
}

extension ConsoleLog.CaseResult {
  /// What the truth states and the scrape does not show.
  var notCounted: Set<Facts.Kind> {
    comparisons.reduce(into: []) { $0.formUnion($1.comparison.notCounted) }
  }

  /// What is wrong, in words, but for what is not counted at all.
  var words: [String] {
    var words = errors
    if comparisons.isEmpty && errors.isEmpty { words.append("nothing was compared") }
    for (pidns, comparison) in comparisons {
      words += comparison.differences.map { "\(pidns): \($0)" }
    }
    if !words.isEmpty {
      words += misses.sorted { $0.key < $1.key }.map { "the kernel skipped \($0.key) \($0.value) times" }
    }
    return words
  }

  /// For the cell of a table.
  func cell(mayLack: Set<Facts.Kind>) -> String {
    let differences = comparisons.flatMap(\.comparison.differences)
    let lacking = notCounted.subtracting(mayLack)
    if let error = errors.first { return error.count > 20 ? "failed" : error }
    if comparisons.isEmpty { return "failed" }
    if let first = differences.first {
      return first.short + (differences.count > 1 ? ", …" : "")
    }
    if !lacking.isEmpty { return "not counted" }
    return notCounted.isEmpty ? "exact" : "exact*"
  }
}
