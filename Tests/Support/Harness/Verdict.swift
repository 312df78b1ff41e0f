// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Writes a line to stdout at once, for the person who watches a long run.
package func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Counts the checks of an acceptance test, and reports each at once.
package final class Verdict {
  package private(set) var passed = 0
  package private(set) var failed = 0
  /// What was measured, a line each.
  package var figures: [String] = []

  package init() {}

  /// Records a check that passed, or failed if there is a problem.
  package func note(_ what: String, problem: String? = nil) {
    expect(problem == nil, problem.map { "\(what): \($0)" } ?? what)
  }

  /// Records a check.
  package func expect(_ isRight: Bool, _ what: String) {
    if isRight { passed += 1 } else { failed += 1 }
    say("\(isRight ? "ok      " : "FAILED  ")\(what)")
  }

  /// The counts, for the last line.
  package var counts: String { "\(passed) passed, \(failed) failed" }
}
