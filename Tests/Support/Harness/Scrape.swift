// SPDX-License-Identifier: Apache-2.0

/// One response of /metrics in the text format.
package struct Scrape {
  /// Values by name and labels, as written: `pidns_up`, `pidns_bpf_map_entries{map="node"}`.
  package let samples: [String: Double]
  /// The counts by the labels that identify a namespace's series.
  private let facts: [Names: Facts]
  /// The labels of the `pidns_info` of each namespace.
  package let infos: [[String: String]]

  /// The host's own namespace.
  package static let host: UInt32 = 4_026_531_836

  /// The labels that all series of a namespace have.
  package struct Names: Hashable {
    package let pidns: UInt32?
    package let namespace: String
    package let pod: String
    package let container: String
    package let unit: String

    package init(
      pidns: UInt32? = nil, namespace: String = "", pod: String = "", container: String = "",
      unit: String = ""
    ) {
      self.pidns = pidns
      self.namespace = namespace
      self.pod = pod
      self.container = container
      self.unit = unit
    }

    /// nil for a series that is not of a namespace.
    init?(_ series: Series) {
      guard let namespace = series["namespace"], let pod = series["pod"], let container = series["container"]
      else { return nil }
      self.init(
        pidns: series["pidns"].flatMap { UInt32($0) }, namespace: namespace, pod: pod, container: container,
        unit: series["unit"] ?? "")
    }
  }

  package init(_ text: String) throws {
    var samples: [String: Double] = [:]
    var facts: [Names: Facts] = [:]
    var infos: [[String: String]] = []
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...])
      else { throw TestFailure("not a sample: \(line)") }
      let text = String(line[..<space])
      guard samples.updateValue(value, forKey: text) == nil else {
        throw TestFailure("shown twice: \(text)")
      }
      guard let series = try Series(text), let names = Names(series) else { continue }
      facts[names, default: Facts()].add(value, of: series)
      if series.name == "pidns_info" { infos.append(series.labels) }
    }
    self.samples = samples
    self.facts = facts
    self.infos = infos
  }

  /// Returns the value of a series; throws if it is missing.
  package subscript(series: String) -> Double {
    get throws {
      guard let value = samples[series] else { throw TestFailure("no series \(series)") }
      return value
    }
  }

  /// Returns the counts under these labels.
  package func counts(_ names: Names) throws -> Counts {
    let facts = facts(names)
    for kind in [Facts.Kind.execs, .forks, .threadStarts, .exits] where facts[kind].isEmpty {
      throw TestFailure("no series \(kind.metric) of \(names)")
    }
    return Counts(facts)
  }

  /// The counts of all namespaces together.
  package var counts: Counts { facts.values.reduce(Counts()) { $0 + Counts($1) } }

  /// Returns all facts of an inum, under any names; successive namespaces add up.
  package func facts(_ pidns: UInt32) -> Facts {
    facts.filter { $0.key.pidns == pidns }.values.reduce(Facts(), +)
  }

  /// Returns all facts under these labels.
  package func facts(_ names: Names) -> Facts { facts[names] ?? Facts() }

  /// Returns the `pidns_info` of a container id, and the labels of its series.
  package func container(id: String) throws -> (info: [String: String], names: Names) {
    guard let info = infos.first(where: { $0["container_id"] == id }) else {
      throw TestFailure("no pidns_info of the container \(id)")
    }
    let names = Names(
      pidns: info["pidns"].flatMap { UInt32($0) }, namespace: info["namespace"] ?? "", pod: info["pod"] ?? "",
      container: info["container"] ?? "")
    return (info, names)
  }

  /// The labels of all namespaces with series.
  package var names: Set<Names> { Set(facts.keys) }

  /// The inums of all namespaces with series.
  package var namespaces: Set<UInt32> { Set(facts.keys.compactMap(\.pidns)) }

  /// The node totals.
  package var node: Counts {
    get throws {
      // A total with a label has several series.
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

  /// Events that are missing in the series of namespaces, for all reasons.
  package var dropped: Int {
    Int(samples.filter { $0.key.hasPrefix("pidns_bpf_events_dropped_total{") }.values.reduce(0, +))
  }

  /// The number of skipped runs by program, without zeros.
  package var misses: [String: Int] {
    var misses: [String: Int] = [:]
    for (text, value) in samples where value > 0 {
      guard let series = try? Series(text), series.name == "pidns_bpf_program_misses_total" else { continue }
      misses[series["program"] ?? ""] = Int(value)
    }
    return misses
  }

  /// The start of the poll, in seconds since the epoch.
  package var pollStart: Double {
    get throws {
      try self["pidns_last_poll_timestamp_seconds"] - self["pidns_poll_duration_seconds"]
    }
  }
}
