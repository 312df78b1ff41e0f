// SPDX-License-Identifier: Apache-2.0

import Containers
import LiveView
import Namespaces
import Probe

/// The health of the exporter on the status page: one line for each part.
struct StatusHealth {
  let snapshot: Snapshot
  /// nil without a web configuration.
  var web: WebHealth?
  /// Seconds since the epoch.
  let now: Double

  /// A sign and a text: no problem is shown by its colour alone.
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
    \(html: polls)\(html: programs)\(html: events)\(html: names)\(html: state)\(html: webConfiguration)</ul>
    <details id="maps"><summary>\(summary)</summary><table class="maps">
    <thead><tr><th scope="col">Map</th><th scope="col" class="number">Entries</th><th scope="col" class="number">Capacity</th>\
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
    let age = max(0, now - snapshot.time).asRate
    if let failure = snapshot.failure {
      return line(.bad, "The last poll failed \(age) s ago; older values are shown: \(failure)")
    }
    let milliseconds = (snapshot.duration / .milliseconds(1)).asRate
    return line(.good, "Kernel read \(age) s ago, in \(milliseconds) ms")
  }

  private var programs: HTML {
    let all = snapshot.programs
    let missing = all.filter { !$0.isAttached }.map(\.program)
    let attached = "\(all.count - missing.count) of \(all.count) BPF programs attached"
    var lines =
      missing.isEmpty
      ? line(.good, "\(attached)")
      : line(.worse, "\(attached); not supported by this kernel: \(missing.joined(separator: ", "))")
    if !snapshot.isCounting {
      lines += line(.bad, "The BPF programs do not count: restart the exporter")
    }
    if let event = all.skippedEvent {
      lines += line(.bad, "The kernel skipped runs of \(event): some of its events may not be counted")
    }
    return lines
  }

  private var events: HTML {
    let dropped = snapshot.node.dropped.values.reduce(0) { $0 &+ $1.total }
    var lines =
      dropped == 0
      ? line(.good, "All events are attributed to a PID namespace")
      : line(
        .bad,
        "\(dropped) events are only in the node’s totals: see pidns_bpf_events_dropped_total for the reason")
    if snapshot.node.detailsDropped > 0 {
      lines += line(
        .worse,
        "\(snapshot.node.detailsDropped) exit codes, exec failures or signal deaths are not counted by kind: raise --bpf.map-entries"
      )
    }
    if snapshot.node.partsRefused > 0 {
      lines += line(
        .worse,
        "Too many cgroups: \(snapshot.node.partsRefused) events and task scans are counted only with their PID namespace: raise --cgroups.max, and --bpf.map-entries to at least four times it"
      )
    }
    if snapshot.refused > 0 {
      lines += line(
        .bad, "\(snapshot.refused) PID namespaces, units or containers have no series: raise --namespaces.max"
      )
    }
    if snapshot.excluded > 0 {
      lines += line(.note, "\(snapshot.excluded) PID namespaces are excluded by flags")
    }
    return lines
  }

  private var names: HTML {
    let unresolved = snapshot.unresolved
    var lines: HTML =
      unresolved == 0 ? "" : line(.worse, "\(unresolved) PID namespaces or containers have no name yet")
    guard let watch = snapshot.podWatch else { return lines }
    let errors = watch.errors.filter { $0.key != .expired }.values.reduce(0, +)
    let failures = errors == 0 ? "" : "; \(errors) failures since the start"
    guard let last = watch.lastEvent else {
      lines += line(.bad, "No event from the API server yet\(failures)")
      return lines
    }
    let known =
      "\(watch.pods) pods; last event from the API server \(max(0, now - last).asRate) s ago\(failures)"
    lines +=
      watch.isHealthy
      ? line(.good, "\(known)") : line(.bad, "The pod watch fails: \(known); see the log")
    return lines
  }

  private var state: HTML {
    guard let state = snapshot.state else { return "" }
    var problems: HTML = ""
    if let failure = state.failure {
      problems += line(
        .bad, "The state is not written, and counters may go down at the next start: \(failure)")
    }
    if snapshot.lacksPins == true {
      problems += line(
        .bad,
        "Pins are missing, so counting will end with this process: find out who removes them, and restart the exporter"
      )
    }
    if !problems.text.isEmpty { return problems }
    let age = max(0, now - state.time).asRate
    return line(
      .good, "Counting continues through restarts; state of \(state.bytes / 1024) KiB written \(age) s ago")
  }

  private var webConfiguration: HTML {
    guard let web else { return "" }
    var lines: HTML = ""
    if web.isRefused {
      lines += line(
        .bad,
        "A change of the web configuration is refused, and the previous one is served: the log has the error")
    }
    guard let expiry = web.certificateExpiry else { return lines }
    let left = Int(Double(expiry) - now)
    switch left {
    case ..<0: lines += line(.bad, "The server’s certificate has expired: replace it")
    case ..<WebHealth.soon:
      lines += line(.worse, "The server’s certificate expires in \(left / 3600) hours: renew it")
    default: lines += line(.good, "The server’s certificate is valid for \(left / 86_400) days")
    }
    return lines
  }

  private var summary: String {
    // An array is always full, for example with one slot for each CPU.
    let fullest = snapshot.maps.filter { $0.capacity > 1 }
      .max { $0.entries * $1.capacity < $1.entries * $0.capacity }
    return fullest.map { "BPF maps: the fullest is \($0.map), with \($0.entries) of \($0.capacity) entries" }
      ?? "BPF maps"
  }

  private var maps: HTML {
    var rows: HTML = ""
    for map in snapshot.maps {
      rows += """
        <tr><th scope="row">\(map.map)</th><td class="number">\(map.entries)</td><td class="number">\(map.capacity)</td>\
        <td class="number">\(map.memoryBytes / 1024)</td></tr>

        """
    }
    return rows
  }
}
