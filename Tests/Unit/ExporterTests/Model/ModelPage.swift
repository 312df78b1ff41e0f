// SPDX-License-Identifier: Apache-2.0

import Exposition
import PageReaders

@testable import Exporter
@testable import Namespaces

/// The series on a page, as a strict reader of its format finds them.
struct ModelPage {
  /// The labels of a series that are not of a metric.
  struct Labels: Hashable, CustomStringConvertible {
    let pidns, namespace, pod, container, unit: String
    var description: String { "{\(pidns) \(pod)\(container)\(unit)}" }
  }

  /// One number of one series.
  struct Line: Hashable, CustomStringConvertible {
    let labels: Labels
    let metric: String
    var description: String { "\(metric) \(labels)" }
  }

  static let counters = [
    "pidns_process_execs_total", "pidns_process_forks_total", "pidns_process_exits_total",
    "pidns_process_exit_codes_total", "pidns_process_signal_deaths_total",
  ]

  private(set) var values: [Line: UInt64] = [:]
  private(set) var processes: [Labels: UInt64] = [:]

  /// - Parameter isWhole: Whether the page has all families, which takes five times as long to read.
  init(
    _ rendered: PublishedSnapshot, as format: ExpositionFormat, isWhole: Bool, for view: inout FirstView
  ) throws {
    let families = isWhole ? [] : Self.counters + ["pidns_processes"]
    let bytes = rendered.page(as: format, families: families, for: &view).bytes
    let page =
      switch format {
      case .text: try Page(text: bytes)
      case .openMetrics: try Page(openMetrics: bytes)
      case .protobuf: try ProtobufPage(bytes).page
      }
    for sample in page.families.lazy.flatMap(\.samples) {
      let labels = Labels(
        pidns: sample.labels["pidns"] ?? "", namespace: sample.labels["namespace"] ?? "",
        pod: sample.labels["pod"] ?? "", container: sample.labels["container"] ?? "",
        unit: sample.labels["unit"] ?? "")
      let other = sample.labels["reason"] ?? sample.labels["signal"] ?? sample.labels["exit_code"]
      if Self.counters.contains(sample.name) {
        let line = Line(labels: labels, metric: sample.name + (other.map { " \($0)" } ?? ""))
        guard values.updateValue(UInt64(sample.value), forKey: line) == nil else {
          throw Broken("\(line) is on a page twice")
        }
      } else if sample.name == "pidns_processes" {
        guard sample.value < 1e9 else { throw Broken("\(sample.value) processes in \(labels)") }
        processes[labels] = UInt64(sample.value)
      }
    }
  }

  /// The series.
  var series: Set<Labels> { Set(values.keys.lazy.map(\.labels)) }

  /// The sums by namespace; over all of them if `pidns` is not a label.
  var sums: [String: Tally] { Self.sums(values) }

  static func sums(_ values: [Line: UInt64]) -> [String: Tally] {
    var sums: [String: Tally] = [:]
    for (line, value) in values { sums[line.labels.pidns, default: [:]][line.metric, default: 0] += value }
    return sums
  }
}

/// A promise that was broken.
struct Broken: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension [String: Tally] {
  /// Adds each number.
  static func += (left: inout Self, right: Self) {
    for (name, tally) in right { left[name, default: [:]].merge(tally, uniquingKeysWith: &+) }
  }

  /// What differs, without zeros; nil if nothing does.
  func difference(from other: Self) -> String? {
    for name in Set(keys).union(other.keys).sorted() {
      let (own, expected) = (self[name] ?? [:], other[name] ?? [:])
      for metric in Set(own.keys).union(expected.keys).sorted()
      where own[metric] ?? 0 != expected[metric] ?? 0 {
        return "{\(name)} \(metric): \(own[metric] ?? 0), expected \(expected[metric] ?? 0)"
      }
    }
    return nil
  }

  /// The first number that is greater than that of another one; nil if there is none.
  func excess(over other: Self) -> String? {
    for (name, tally) in self.sorted(by: { $0.key < $1.key }) {
      for (metric, value) in tally.sorted(by: { $0.key < $1.key }) where value > other[name]?[metric] ?? 0 {
        return "{\(name)} \(metric): \(value), at most \(other[name]?[metric] ?? 0)"
      }
    }
    return nil
  }
}
