// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// The console output of a virtual machine, parsed and compared.
///
/// Relevant lines begin with `@@` and a word; all others are skipped:
///
///     @@ fact NAME VALUE        a fact about the kernel: a word, and the rest of the line
///     @@ case NAME              starts a case
///     @@ truth JSON             a line of the workload
///     @@ metric SAMPLE          a line of the scrape
///     @@ compare [after-ready]  compares the truths and samples since the last comparison
///     @@ error TEXT             the reason why the case failed
///     @@ without NAME           a case that this machine cannot run, such as one with names, in lockdown
///     @@ end                    all cases have run
struct ConsoleLog {
  /// The result of a case.
  struct CaseResult {
    /// The comparison for each namespace; without any, the case has no result.
    var comparisons: [(pidns: UInt32, comparison: Comparison)] = []
    /// Other problems.
    var errors: [String] = []
    var misses: [String: Int] = [:]
  }

  private(set) var facts: [(name: String, value: String)] = []
  private(set) var results: [(name: String, result: CaseResult)] = []
  /// Cases that the machine cannot run.
  private(set) var withoutCases: Set<String> = []
  /// Whether the machine reached the end of its cases.
  private(set) var isComplete = false

  private var truths: [Truth] = []
  private var samples: [Substring] = []

  init(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      // A kernel message may share the line.
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
    default: fail("unknown line: \(word) \(rest)")
    }
  }

  private mutating func compare(afterReady: Bool) {
    defer {
      truths = []
      samples = []
    }
    do {
      let scrape = try Scrape(samples.joined(separator: "\n"))
      if truths.isEmpty { fail("the workload printed no truth") }
      // Successive namespaces may have one inum; their events add up.
      for (pidns, truths) in Dictionary(grouping: truths, by: \.pidns).sorted(by: { $0.key < $1.key }) {
        let stated = afterReady ? truths.compactMap(\.afterReady) : truths.map(\.facts)
        let truth = stated.reduce(Facts(), +)
        if truth.values.isEmpty { fail("no truth after ready for \(pidns)") }
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
    // Errors before the first case.
    if results.isEmpty { results.append(("start", CaseResult())) }
    results[results.count - 1].result.errors.append(error)
  }
}

extension ConsoleLog.CaseResult {
  /// The kinds in the ground truth that the scrape does not have.
  var notCounted: Set<Facts.Kind> {
    comparisons.reduce(into: []) { $0.formUnion($1.comparison.notCounted) }
  }

  /// All problems, except kinds that are not counted at all.
  var problems: [String] {
    var problems = errors
    if comparisons.isEmpty && errors.isEmpty { problems.append("no comparison") }
    for (pidns, comparison) in comparisons {
      problems += comparison.differences.map { "\(pidns): \($0)" }
    }
    if !problems.isEmpty {
      problems += misses.sorted { $0.key < $1.key }.map { "the kernel skipped \($0.key) \($0.value) times" }
    }
    return problems
  }

  /// Returns the text for a table cell.
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
