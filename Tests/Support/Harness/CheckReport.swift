// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes a line to stdout at once, so that a long run shows its progress.
package func printLine(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Counts the checks of an acceptance test, and prints each at once.
package final class CheckReport {
  package private(set) var passed = 0
  package private(set) var failed = 0
  /// Measured values, a line each.
  package var figures: [String] = []

  package init() {}

  /// Records a check that fails if there is a problem.
  package func record(_ what: String, problem: String? = nil) {
    expect(problem == nil, problem.map { "\(what): \($0)" } ?? what)
  }

  /// Records a check that fails if there are problems.
  package func record(_ what: String, problems: [String]) {
    record(what, problem: problems.isEmpty ? nil : problems.joined(separator: "; "))
  }

  /// Records a check.
  package func expect(_ isRight: Bool, _ what: String) {
    if isRight { passed += 1 } else { failed += 1 }
    printLine("\(isRight ? "ok      " : "FAILED  ")\(what)")
  }

  /// The counts, for the last line.
  package var counts: String { "\(passed) passed, \(failed) failed" }
}
