// SPDX-License-Identifier: Apache-2.0

/// What one GET of /metrics said, in the text format.
package struct Scrape {
  /// Values by name and labels, as written: `pidns_up`, `pidns_bpf_map_entries{map="node"}`.
  package let samples: [String: Double]
  private let facts: [UInt32: Facts]

  package init(_ text: String) throws {
    var samples: [String: Double] = [:]
    var facts: [UInt32: Facts] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...])
      else { throw TestFailure("not a sample: \(line)") }
      let text = String(line[..<space])
      guard samples.updateValue(value, forKey: text) == nil else {
        throw TestFailure("shown twice: \(text)")
      }
      guard let series = Series(text), let pidns = series["pidns"].flatMap({ UInt32($0) }) else { continue }
      for quantity in series.quantities {
        facts[pidns, default: Facts()].values[quantity, default: 0] += value
      }
    }
    self.samples = samples
    self.facts = facts
  }

  /// The value of a series; 0 is not taken for one that is missing.
  package subscript(series: String) -> Double {
    get throws {
      guard let value = samples[series] else { throw TestFailure("no series \(series)") }
      return value
    }
  }

  /// What was counted for a namespace.
  package func counts(_ pidns: UInt32) throws -> Counts {
    let facts = facts(pidns)
    for kind in [Facts.Kind.execs, .forks, .threadStarts, .exits] where facts[kind].isEmpty {
      throw TestFailure("no series \(kind.metric) of \(pidns)")
    }
    return Counts(facts)
  }

  /// All that is shown of a namespace.
  package func facts(_ pidns: UInt32) -> Facts { facts[pidns] ?? Facts() }

  /// The namespaces that have series.
  package var namespaces: Set<UInt32> { Set(facts.keys) }

  /// What the node's own totals say.
  package var node: Counts {
    get throws {
      // A total that is split has a series for each part.
      func total(_ name: String) throws -> Int {
        let parts = samples.filter { $0.key == name || $0.key.hasPrefix(name + "{") }
        guard !parts.isEmpty else { throw TestFailure("no series \(name)") }
        return Int(parts.values.reduce(0, +))
      }
      return Counts(
        execs: try total("pidns_node_process_execs_total"),
        forks: try total("pidns_node_process_forks_total"),
        threadStarts: try total("pidns_node_thread_starts_total"),
        exits: try total("pidns_node_process_exits_total"))
    }
  }

  /// Events that are in no namespace's series, whatever the reason.
  package var dropped: Int {
    Int(samples.filter { $0.key.hasPrefix("pidns_bpf_events_dropped_total{") }.values.reduce(0, +))
  }

  /// How often the kernel skipped a program, by its name; those that it never skipped left out.
  package var misses: [String: Int] {
    var misses: [String: Int] = [:]
    for (text, value) in samples where value > 0 {
      guard let series = Series(text), series.name == "pidns_bpf_program_misses_total" else { continue }
      misses[series["program"] ?? ""] = Int(value)
    }
    return misses
  }

  /// When the poll began that this scrape shows, since the epoch.
  package var pollStart: Double {
    get throws {
      try self["pidns_last_poll_timestamp_seconds"] - self["pidns_poll_duration_seconds"]
    }
  }
}

/// A sample's name and labels. No value here has a quote, a comma or a backslash in it.
private struct Series {
  let name: Substring
  private let labels: Substring

  /// nil where there are no labels.
  init?(_ text: String) {
    guard let brace = text.firstIndex(of: "{"), text.hasSuffix("}") else { return nil }
    name = text[..<brace]
    labels = text[text.index(after: brace)...].dropLast()
  }

  subscript(label: String) -> String? {
    labels.split(separator: ",").first { $0.hasPrefix(label + "=\"") }
      .map { String($0.dropFirst(label.count + 2).dropLast()) }
  }

  /// What the sample counts: it may be a part and add to the whole, too.
  var quantities: [Facts.Quantity] {
    switch name {
    case Facts.Kind.lifetimes.metric + "_sum": [Facts.Quantity(.lifetimes, "sum")]
    case Facts.Kind.lifetimes.metric + "_count": [Facts.Quantity(.lifetimes, "count")]
    case Facts.Kind.lifetimes.metric + "_bucket":
      [Facts.Quantity(.lifetimes, Facts.bound(self["le"] ?? ""))]
    default:
      Facts.Kind.allCases.filter { $0.metric == name }.flatMap { kind -> [Facts.Quantity] in
        guard let label = kind.label else { return [Facts.Quantity(kind)] }
        guard let part = self[label] else { return [] }
        return kind == .exitReasons
          ? [Facts.Quantity(kind, part)] : [Facts.Quantity(kind), Facts.Quantity(kind, part)]
      }
    }
  }
}
