// SPDX-License-Identifier: Apache-2.0

internal import Harness

/// Kernels and cases, and how each went.
struct Matrix {
  let columns: [(kernel: String, log: ConsoleLog)]
  let expected: Expected

  /// The cases of all kernels, in the order of the first one that ran them.
  private var cases: [String] {
    columns.flatMap { $0.log.verdicts.map(\.name) }.reduce(into: []) { names, name in
      if !names.contains(name) { names.append(name) }
    }
  }

  private var factNames: [String] {
    columns.flatMap { $0.log.facts.map(\.name) }.reduce(into: []) { names, name in
      if !names.contains(name) { names.append(name) }
    }
  }

  /// A row for each fact about the kernel, and one for each case.
  var table: String {
    var rows = [["kernel"] + columns.map(\.kernel)]
    for name in factNames {
      rows.append([name] + columns.map { $0.log.facts.last { $0.name == name }?.value ?? "-" })
    }
    for name in cases {
      rows.append(
        [name]
          + columns.map { column in
            column.log.verdicts.first { $0.name == name }?.verdict
              .cell(mayLack: expected.notCounted(by: column.kernel)) ?? "not run"
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

  /// Everything that is wrong, a line each; and what is known not to be counted.
  var remarks: [String] { problems + lacks }

  var isRight: Bool { problems.isEmpty }

  private var problems: [String] {
    columns.flatMap { kernel, log in
      var problems = log.verdicts.flatMap { name, verdict in
        verdict.words(mayLack: expected.notCounted(by: kernel)).map { "\(kernel): \(name): \($0)" }
      }
      let missing = Set(cases).subtracting(log.verdicts.map(\.name))
      problems += missing.sorted().map { "\(kernel): \($0): not run" }
      if !log.isComplete { problems.append("\(kernel): the machine did not get to the end") }
      if log.verdicts.isEmpty { problems.append("\(kernel): no case was run") }
      return problems
    }
  }

  private var lacks: [String] {
    columns.compactMap { kernel, log in
      let kinds = log.verdicts.reduce(into: Set<Facts.Kind>()) { $0.formUnion($1.verdict.notCounted) }
        .intersection(expected.notCounted(by: kernel))
      if kinds.isEmpty { return nil }
      return "* \(kernel) does not count, as expected: "
        + kinds.sorted().map(\.rawValue).joined(separator: ", ")
    }
  }
}
