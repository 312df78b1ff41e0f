// SPDX-License-Identifier: Apache-2.0

import Glibc
import Platform

/// The exporter's figures of a run, to be written to a table or compared with one. Less is better for all.
final class Figures {
  struct Figure {
    let name: String
    let unit: String
    let median: Double
    let lower: Double
    let upper: Double
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
    var text = "# \(machine)\n# figure\tunit\tmedian\tlower quartile\tupper quartile\n"
    let reference = Figure(
      name: Self.reference, unit: "µs", median: references.median, lower: references.quantile(0.25),
      upper: references.quantile(0.75))
    for figure in [reference] + all {
      let numbers = [figure.median, figure.lower, figure.upper].map { $0.fixed(2) }
      text += ([figure.name, figure.unit] + numbers).joined(separator: "\t") + "\n"
    }
    try File.write(text.utf8, to: path)
  }

  /// Prints each figure beside that of a table.
  ///
  /// Times of the table are multiplied by the ratio of the reference work, which is slower on a slower or
  /// busier machine.
  ///
  /// - Returns: The number of figures that are worse by more than the noise: by more than a tenth, while the
  ///   ranges between the quartiles do not overlap.
  func compare(with path: String) throws -> Int {
    let then = try Self.parse(File.read(path), path)
    guard let reference = then[Self.reference] else { throw BenchError("\(path) has no reference") }
    let speed = references.median / reference.median
    printLine("Compared with \(path)")
    printLine(
      "  this machine takes \(speed.fixed(2)) times as long for the reference; times are expected to be, too")
    printLine()
    var table = Table("figure", "unit", "expected", "now", "ratio", "")
    var worse = 0
    for figure in all {
      guard let old = then[figure.name] else {
        table.row(figure.name, figure.unit, "-", figure.median.fixed(2), "-", "new")
        continue
      }
      let scale = Self.isTime(figure.unit) ? speed : 1
      let isWorse = figure.median > 1.1 * old.median * scale && figure.lower > old.upper * scale
      let isBetter = figure.median < 0.9 * old.median * scale && figure.upper < old.lower * scale
      if isWorse { worse += 1 }
      table.row(
        figure.name, figure.unit, (old.median * scale).fixed(2), figure.median.fixed(2),
        (figure.median / (old.median * scale)).fixed(2), isWorse ? "WORSE" : isBetter ? "better" : "")
    }
    table.print()
    printLine(
      worse == 0
        ? "Nothing is worse by more than the noise" : "\(worse) figures are worse by more than the noise")
    return worse
  }

  private static let reference = "reference"
  private static func isTime(_ unit: String) -> Bool { ["µs", "ms"].contains(unit) }

  private static func parse(_ text: String, _ path: String) throws -> [String: Figure] {
    var figures: [String: Figure] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let cells = line.split(separator: "\t").map(String.init)
      let numbers = cells.dropFirst(2).compactMap { Double($0) }
      guard cells.count == 5, numbers.count == 3 else {
        throw BenchError("\(path) has a wrong line: \(line)")
      }
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
