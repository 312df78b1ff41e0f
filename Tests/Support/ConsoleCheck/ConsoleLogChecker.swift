// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// Checks the console logs of virtual machines in which the exporter counted the events of the workload.
///
///     pidns-console-check GAPS KERNEL=LOG…
///
/// Prints a table of cases and kernels, and all problems. Exits with 1 if there are any.
@main
struct ConsoleLogChecker {
  static func main() {
    do {
      let arguments = CommandLine.arguments.dropFirst()
      guard let gapsFile = arguments.first, arguments.count > 1 else {
        throw TestFailure("usage: pidns-console-check GAPS KERNEL=LOG…")
      }
      let gaps = try ExpectedGaps(String(contentsOfFile: gapsFile, encoding: .utf8))
      let matrix = try Matrix(
        columns: arguments.dropFirst().map { argument in
          let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
          guard parts.count == 2 else { throw TestFailure("not KERNEL=LOG: \(argument)") }
          // A console may contain bytes that are not UTF-8.
          let text = String(decoding: try Data(contentsOf: URL(filePath: parts[1])), as: UTF8.self)
          return (parts[0], ConsoleLog(text))
        }, expectedGaps: gaps)
      print(matrix.table)
      print(matrix.remarks.map { "\n" + $0 }.joined(), terminator: matrix.remarks.isEmpty ? "" : "\n")
      exit(matrix.passes ? 0 : 1)
    } catch {
      FileHandle.standardError.write(Data("pidns-console-check: \(error)\n".utf8))
      exit(2)
    }
  }
}

/// The kinds that kernels are known not to count. Each line has a kernel or `*`, a kind, and the reason after `#`.
struct ExpectedGaps {
  private let lines: [(kernel: Substring, kind: Facts.Kind)]

  init(_ text: String) throws {
    lines = try text.split(separator: "\n").compactMap { line in
      let words = line.prefix { $0 != "#" }.split(separator: " ")
      if words.isEmpty { return nil }
      guard words.count == 2, let kind = Facts.Kind(rawValue: String(words[1])) else {
        throw TestFailure("not a kernel and a kind: \(line)")
      }
      return (words[0], kind)
    }
  }

  func notCounted(by kernel: String) -> Set<Facts.Kind> {
    Set(lines.filter { $0.kernel == "*" || $0.kernel == kernel }.map(\.kind))
  }
}
