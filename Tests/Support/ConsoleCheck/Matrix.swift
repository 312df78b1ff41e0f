// SPDX-License-Identifier: Apache-2.0

import Harness

/// The results of all cases on all kernels.
struct Matrix {
  let columns: [(kernel: String, log: ConsoleLog)]
  let expectedGaps: ExpectedGaps

  /// The cases of all kernels, in the order of the first kernel that ran them.
  private var cases: [String] {
    columns.flatMap { $0.log.results.map(\.name) }.reduce(into: []) { names, name in
      if !names.contains(name) { names.append(name) }
    }
  }

  private var factNames: [String] {
    columns.flatMap { $0.log.facts.map(\.name) }.reduce(into: []) { names, name in
      if !names.contains(name) { names.append(name) }
    }
  }

  /// A row for each fact about the kernel, and for each case.
  var table: String {
    var rows = [["kernel"] + columns.map(\.kernel)]
    for name in factNames {
      rows.append([name] + columns.map { $0.log.facts.last { $0.name == name }?.value ?? "-" })
    }
    for name in cases {
      rows.append(
        [name]
          + columns.map { column in
            let cells = column.log.results.filter { $0.name == name }
              .map { $0.result.cell(mayLack: expectedGaps.notCounted(by: column.kernel)) }
            // If a case ran several times, a run that failed.
            return cells.first { !$0.hasPrefix("exact") } ?? cells.first
              ?? (column.log.withoutCases.contains(name) ? "-" : "not run")
          })
    }
    let widths = (rows.first ?? []).indices.map { index in rows.map { $0[index].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  /// All problems, and the expected gaps, a line each.
  var remarks: [String] { problems + gaps }

  var passes: Bool { problems.isEmpty }

  private var problems: [String] {
    columns.flatMap { kernel, log in
      var problems = log.results.flatMap { name, result in
        result.problems.map { "\(kernel): \(name): \($0)" }
      }
      for (kind, cases) in unexpectedlyNotCounted(by: kernel, log) {
        problems.append("\(kernel): not counted: \(kind.rawValue) of \(cases.joined(separator: ", "))")
      }
      let run = log.results.map(\.name)
      let missing = cases.filter { !run.contains($0) && !log.withoutCases.contains($0) }
      if !missing.isEmpty { problems.append("\(kernel): not run: \(missing.joined(separator: ", "))") }
      if !log.isComplete { problems.append("\(kernel): the machine did not reach the end") }
      if log.results.isEmpty { problems.append("\(kernel): no case was run") }
      return problems
    }
  }

  /// The kinds that are unexpectedly not counted, and the cases that showed it.
  private func unexpectedlyNotCounted(
    by kernel: String, _ log: ConsoleLog
  ) -> [(kind: Facts.Kind, cases: [String])] {
    let mayLack = expectedGaps.notCounted(by: kernel)
    return Facts.Kind.allCases.filter { !mayLack.contains($0) }.compactMap { kind in
      let cases = log.results.filter { $0.result.notCounted.contains(kind) }.map(\.name)
      return cases.isEmpty ? nil : (kind, cases)
    }
  }

  private var gaps: [String] {
    columns.compactMap { kernel, log in
      let kinds = log.results.reduce(into: Set<Facts.Kind>()) { $0.formUnion($1.result.notCounted) }
        .intersection(expectedGaps.notCounted(by: kernel))
      if kinds.isEmpty { return nil }
      return "* \(kernel) does not count, as expected: "
        + kinds.sorted().map(\.rawValue).joined(separator: ", ")
    }
  }
}
