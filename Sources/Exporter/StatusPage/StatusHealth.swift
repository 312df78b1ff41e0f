// SPDX-License-Identifier: Apache-2.0

import Kubernetes
import LiveView
import Namespaces
import Probe

/// How the exporter fares, as the status page says it: a line for each part.
struct StatusHealth {
  let state: State
  /// Seconds since the epoch.
  let now: Double

  /// A sign and words: no problem is told by its colour alone.
  private enum Mark: String {
    case good = "✓"
    case note = "–"
    case worse = "!"
    case bad = "✗"

    var name: String {
      switch self {
      case .good: "good"
      case .note: "note"
      case .worse: "worse"
      case .bad: "bad"
      }
    }
  }

  var html: HTML {
    """
    <section aria-label="Health"><ul class="health">
    \(html: polls)\(html: programs)\(html: events)\(html: names)</ul>
    <details id="maps"><summary>\(summary)</summary><table class="maps">
    <thead><tr><th scope="col">Map</th><th scope="col" class="number">Entries</th><th scope="col" class="number">Room for</th>\
    <th scope="col" class="number">KiB</th></tr></thead>
    <tbody>
    \(html: maps)</tbody></table></details></section>
    """
  }

  private func line(_ mark: Mark, _ what: HTML) -> HTML {
    """
    <li class="\(mark.name)"><span class="mark" aria-hidden="true">\(mark.rawValue)</span> \(html: what)</li>

    """
  }

  private var polls: HTML {
    let age = max(0, now - state.snapshot.time).asRate
    if let failure = state.snapshot.failure {
      return line(.bad, "The last poll, \(age) s ago, failed, and what is shown is older: \(failure)")
    }
    let milliseconds = (state.snapshot.duration / .milliseconds(1)).asRate
    return line(.good, "Kernel read \(age) s ago, in \(milliseconds) ms")
  }

  private var programs: HTML {
    let all = state.snapshot.programs
    let missing = all.filter { !$0.isAttached }.map(\.program)
    let attached = "\(all.count - missing.count) of \(all.count) BPF programs attached"
    var lines =
      missing.isEmpty
      ? line(.good, "\(attached)")
      : line(.worse, "\(attached); this kernel refuses \(missing.joined(separator: ", "))")
    if let event = all.skippedEvent {
      lines += line(.bad, "The kernel skipped runs of \(event): its events may be in no count")
    }
    return lines
  }

  private var events: HTML {
    let snapshot = state.snapshot
    let dropped = snapshot.node.dropped.values.reduce(0) { $0 + $1.total }
    var lines =
      dropped == 0
      ? line(.good, "Every event is in its namespace’s counts")
      : line(.bad, "\(dropped) events are in the node’s totals only; pidns_bpf_events_dropped_total says why")
    if snapshot.node.detailsDropped > 0 {
      lines += line(
        .worse, "\(snapshot.node.detailsDropped) details are not counted: raise --bpf.map-entries")
    }
    if snapshot.refused > 0 {
      lines += line(.bad, "\(snapshot.refused) PID namespaces are not shown: raise --namespaces.max")
    }
    if snapshot.excluded > 0 {
      lines += line(.note, "\(snapshot.excluded) PID namespaces are left out, as the flags say")
    }
    return lines
  }

  private var names: HTML {
    let unresolved = state.snapshot.unresolved
    var lines: HTML =
      unresolved == 0 ? "" : line(.worse, "Of \(unresolved) PID namespaces it is not known whose they are")
    guard let kubernetes = state.kubernetes else { return lines }
    let errors = kubernetes.watch.errors.filter { $0.key != .expired }.values.reduce(0, +)
    let failures = errors == 0 ? "" : "; \(errors) failures since the start"
    guard let last = kubernetes.watch.lastEvent else {
      lines += line(.bad, "The API server has not been heard yet\(failures)")
      return lines
    }
    let age = max(0, now - last)
    lines += line(
      age < Self.silence ? .good : .bad,
      "\(kubernetes.pods) pods; the API server was heard \(age.asRate) s ago\(failures)")
    return lines
  }

  /// In seconds; a server that is well sends a bookmark a minute or so.
  private static let silence = 300.0

  private var summary: String {
    // An array has one slot for each CPU or so: it is always full.
    let fullest = state.snapshot.maps.filter { $0.capacity > 1 }
      .max { $0.entries * $1.capacity < $1.entries * $0.capacity }
    return fullest.map { "BPF maps: the fullest is \($0.map), with \($0.entries) of \($0.capacity) entries" }
      ?? "BPF maps"
  }

  private var maps: HTML {
    var rows: HTML = ""
    for map in state.snapshot.maps {
      rows += """
        <tr><th scope="row">\(map.map)</th><td class="number">\(map.entries)</td><td class="number">\(map.capacity)</td>\
        <td class="number">\(map.memoryBytes / 1024)</td></tr>

        """
    }
    return rows
  }
}
