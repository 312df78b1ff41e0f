// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What one GET of /metrics said, in the text format.
struct Scrape {
  /// Values by name and labels, as written: `pidns_up`, `pidns_bpf_map_entries{map="node"}`.
  let samples: [String: Double]

  init(_ text: String) throws {
    var samples: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...])
      else { throw TestFailure("not a sample: \(line)") }
      let series = String(line[..<space])
      guard samples.updateValue(value, forKey: series) == nil else {
        throw TestFailure("shown twice: \(series)")
      }
    }
    self.samples = samples
  }

  /// The value of a series; 0 is not taken for one that is missing.
  subscript(series: String) -> Double {
    get throws {
      guard let value = samples[series] else { throw TestFailure("no series \(series)") }
      return value
    }
  }

  /// The series of a namespace.
  static func series(_ name: String, _ pidns: UInt32) -> String {
    "\(name){pidns=\"\(pidns)\",namespace=\"\",pod=\"\",container=\"\"}"
  }

  /// What was counted for a namespace.
  func counts(_ pidns: UInt32) throws -> Counts {
    func value(_ name: String) throws -> Int { Int(try self[Self.series(name, pidns)]) }
    return Counts(
      execs: try value("pidns_process_execs_total"), forks: try value("pidns_process_forks_total"),
      threadStarts: try value("pidns_thread_starts_total"), exits: try value("pidns_process_exits_total"))
  }

  /// The namespaces that have series.
  var namespaces: Set<UInt32> {
    Set(
      samples.keys.compactMap { series in
        series.split(separator: "\"", maxSplits: 2).dropFirst().first.flatMap { number in
          series.hasPrefix("pidns_process_execs_total{pidns=") ? UInt32(number) : nil
        }
      })
  }

  /// What the node's own totals say.
  var node: Counts {
    get throws {
      Counts(
        execs: Int(try self["pidns_node_process_execs_total"]),
        forks: Int(try self["pidns_node_process_forks_total"]),
        threadStarts: Int(try self["pidns_node_thread_starts_total"]),
        exits: Int(try self["pidns_node_process_exits_total"]))
    }
  }

  /// Events that are in no namespace's series, whatever the reason.
  var dropped: Int {
    Int(samples.filter { $0.key.hasPrefix("pidns_bpf_events_dropped_total{") }.values.reduce(0, +))
  }

  /// When the poll began that this scrape shows, since the epoch.
  var pollStart: Double {
    get throws {
      try self["pidns_last_poll_timestamp_seconds"] - self["pidns_poll_duration_seconds"]
    }
  }
}

/// Execs, forks, thread starts and exits, counted or true.
struct Counts: Equatable, CustomStringConvertible, Decodable {
  var execs = 0
  var forks = 0
  var threadStarts = 0
  var exits = 0

  enum CodingKeys: String, CodingKey {
    case execs, forks, exits
    case threadStarts = "thread_starts"
  }

  var sum: Int { execs + forks + threadStarts + exits }

  var description: String {
    "\(execs) execs, \(forks) forks, \(threadStarts) thread starts, \(exits) exits"
  }

  static func + (left: Counts, right: Counts) -> Counts {
    Counts(
      execs: left.execs + right.execs, forks: left.forks + right.forks,
      threadStarts: left.threadStarts + right.threadStarts, exits: left.exits + right.exits)
  }

  static func - (left: Counts, right: Counts) -> Counts {
    Counts(
      execs: left.execs - right.execs, forks: left.forks - right.forks,
      threadStarts: left.threadStarts - right.threadStarts, exits: left.exits - right.exits)
  }
}
