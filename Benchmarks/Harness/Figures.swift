// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// The exporter's figures of a run, to be written to a table or compared with one. Less is better for all.
final class Figures {
  struct Figure: Equatable {
    let name: String
    let unit: String
    let median: Double
    let lower: Double
    let upper: Double

    /// Returns the figure of a machine that takes so many times as long; only times differ.
    func scaled(by speed: Double) -> Figure {
      guard ["µs", "ms"].contains(unit) else { return self }
      return Figure(
        name: name, unit: unit, median: median * speed, lower: lower * speed, upper: upper * speed)
    }

    /// Compares this figure with an earlier one.
    ///
    /// It differs by more than the noise if the medians differ by more than a tenth, while the ranges between
    /// the quartiles do not overlap.
    func verdict(against old: Figure) -> Verdict {
      if median > 1.1 * old.median && lower > old.upper { return .worse }
      if median < 0.9 * old.median && upper < old.lower { return .better }
      return .same
    }
  }

  enum Verdict: String {
    case worse = "WORSE"
    case better
    case same = ""
  }

  private(set) var all: [Figure] = []
  /// The times of the reference work, in µs.
  private var references: [Double] = []

  /// Adds the measurements of a figure.
  func add(_ name: String, _ unit: String, _ measurements: [Double]) {
    references.append(Reference.time())
    let known = measurements.filter(\.isFinite)
    guard !known.isEmpty else { return }
    all.append(
      Figure(
        name: name, unit: unit, median: known.median, lower: known.quantile(0.25), upper: known.quantile(0.75)
      ))
  }

  /// Writes the figures as a table, for `compare(with:)`.
  func write(to path: String, about machine: String) throws {
    try File.write(Self.text(of: [reference] + all, about: machine).utf8, to: path)
  }

  /// Prints each figure beside that of a table.
  ///
  /// Times of the table are multiplied by the ratio of the reference work, which is slower on a slower or
  /// busier machine.
  ///
  /// - Returns: The number of figures that are worse by more than the noise.
  func compare(with path: String) throws -> Int {
    let then = try Self.parse(File.read(path))
    guard let old = then[Self.reference] else { throw BenchError("\(path) has no line of the reference") }
    let speed = reference.median / old.median
    printLine("Compared with \(path)")
    printLine("  the reference takes \(speed.fixed(2)) times as long as then; times are expected to, too")
    printLine()
    var table = Table("figure", "unit", "expected", "now", "ratio", "")
    var worse = 0
    for figure in all {
      guard let expected = then[figure.name]?.scaled(by: speed) else {
        table.row(figure.name, figure.unit, "-", figure.median.fixed(2), "-", "new")
        continue
      }
      let verdict = figure.verdict(against: expected)
      if verdict == .worse { worse += 1 }
      table.row(
        figure.name, figure.unit, expected.median.fixed(2), figure.median.fixed(2),
        (figure.median / expected.median).fixed(2), verdict.rawValue)
    }
    table.print()
    printLine("\(worse) of \(all.count) figures are worse by more than the noise")
    return worse
  }

  private static let reference = "reference"

  private var reference: Figure {
    Figure(
      name: Self.reference, unit: "µs", median: references.median, lower: references.quantile(0.25),
      upper: references.quantile(0.75))
  }

  static func text(of figures: [Figure], about machine: String) -> String {
    let lines = figures.map { figure in
      let numbers = [figure.median, figure.lower, figure.upper].map { $0.fixed(2) }
      return ([figure.name, figure.unit] + numbers).joined(separator: "\t") + "\n"
    }
    return "# \(machine)\n# figure\tunit\tmedian\tlower quartile\tupper quartile\n" + lines.joined()
  }

  /// Returns the figures of a table, by their names.
  static func parse(_ text: String) throws -> [String: Figure] {
    var figures: [String: Figure] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let cells = line.split(separator: "\t").map(String.init)
      let numbers = cells.dropFirst(2).compactMap { Double($0) }
      guard cells.count == 5, numbers.count == 3 else { throw BenchError("not a line of the table: \(line)") }
      figures[cells[0]] = Figure(
        name: cells[0], unit: cells[1], median: numbers[0], lower: numbers[1], upper: numbers[2])
    }
    return figures
  }
}

/// Work that does not depend on the exporter: system calls, copies, hashing. Its time compares machines.
enum Reference {
  /// Returns the CPU time of the work, in µs.
  static func time() -> Double {
    let start = ThreadClock.now
    var seen: [UInt64: UInt64] = [:]
    var state: UInt64 = 1
    for _ in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      seen[state >> 40, default: 0] &+= state
    }
    var sum = seen.count
    for _ in 0..<400 { sum &+= ProcFile.read("/proc/self/stat")?.utf8.count ?? 0 }
    precondition(sum > 0)
    return (ThreadClock.now - start).microseconds
  }
}
