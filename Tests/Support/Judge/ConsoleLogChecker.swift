// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness

/// Judges the console logs of virtual machines in which the exporter counted what the workload did.
///
///     pidns-judge EXPECTED KERNEL=LOG…
///
/// Prints a table of cases and kernels, and what is wrong. Exits with 1 if anything is.
@main
struct ConsoleLogChecker {
  static func main() {
    do {
      let arguments = CommandLine.arguments.dropFirst()
      guard let expected = arguments.first, arguments.count > 1 else {
        throw TestFailure("usage: pidns-judge EXPECTED KERNEL=LOG…")
      }
      let lacks = try Expected(String(contentsOfFile: expected, encoding: .utf8))
      let matrix = try Matrix(
        columns: arguments.dropFirst().map { argument in
          let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
          guard parts.count == 2 else { throw TestFailure("not KERNEL=LOG: \(argument)") }
          // A console may say anything, not just UTF-8.
          let text = String(decoding: try Data(contentsOf: URL(filePath: parts[1])), as: UTF8.self)
          return (parts[0], ConsoleLog(text))
        }, expected: lacks)
      print(matrix.table)
      print(matrix.remarks.map { "\n" + $0 }.joined(), terminator: matrix.remarks.isEmpty ? "" : "\n")
      exit(matrix.isRight ? 0 : 1)
    } catch {
      FileHandle.standardError.write(Data("pidns-judge: \(error)\n".utf8))
      exit(2)
    }
  }
}

/// What kernels are known not to count. Each line: a kernel or `*`, a kind, and behind `#` why.
struct Expected {
  private let lines: [(kernel: Substring, kind: Facts.Kind)]

  init(_ text: String) throws {
    lines = try text.split(separator: "\n").compactMap { line in
      let words = line.prefix { $0 != "#" }.split(separator: " ")
      if words.isEmpty { return nil }
      guard words.count == 2, let kind = Facts.Kind(rawValue: String(words[1])) else {
        throw TestFailure("not a kernel and what it does not count: \(line)")
      }
      return (words[0], kind)
    }
  }

  func notCounted(by kernel: String) -> Set<Facts.Kind> {
    Set(lines.filter { $0.kernel == "*" || $0.kernel == kernel }.map(\.kind))
  }
}
