// SPDX-License-Identifier: Apache-2.0

internal import Activity
internal import BPFKit
internal import Kubernetes
internal import Linux
internal import Namespaces

/// How the exporter fares, as the status page says it: a line for each part.
struct StatusHealth {
  let state: State
  /// Seconds since the epoch.
  let now: Double

  /// A mark and words: no problem is told by its colour alone.
  private enum Mark: String {
    case good = "✓"
    case bad = "✗"
    case worth = "!"

    var name: String {
      switch self {
      case .good: "good"
      case .bad: "bad"
      case .worth: "worth"
      }
    }
  }

  var html: HTML {
    """
    <section aria-label="Health"><ul class="health">
    \(html: polls)\(html: programs)\(html: events)\(html: names)</ul>
    <details id="maps"><summary>BPF maps</summary><table class="maps">
    <thead><tr><th scope="col">Map</th><th scope="col" class="number">Entries</th><th scope="col" class="number">Room for</th><th scope="col" \
    class="number">KiB</th><th scope="col">Filled</th></tr></thead>
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
    if let failure = state.snapshot.failure {
      return line(.bad, "The last poll failed: \(failure). What is shown is older.")
    }
    let milliseconds = (state.snapshot.duration / .milliseconds(1)).asRate
    return line(.good, "Read the kernel \(seconds(since: state.snapshot.time)) ago, in \(milliseconds) ms")
  }

  private var programs: HTML {
    let all = state.snapshot.programs
    let missing = all.filter { !$0.isAttached }.map(\.program)
    let attached = "\(all.count - missing.count) of \(all.count) BPF programs attached"
    var lines =
      missing.isEmpty
      ? line(.good, "\(attached)")
      : line(.worth, "\(attached); refused by this kernel: \(missing.joined(separator: ", "))")
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
      ? line(.good, "Every event has its PID namespace")
      : line(.bad, "\(dropped) events are in the node’s totals only: raise --bpf.map-entries, or the memory limit")
    if snapshot.refused > 0 {
      lines += line(.bad, "\(snapshot.refused) PID namespaces are not shown: raise --namespaces.max")
    }
    if snapshot.excluded > 0 {
      lines += line(.worth, "\(snapshot.excluded) PID namespaces are left out, as the flags say")
    }
    return lines
  }

  private var names: HTML {
    let unresolved = state.snapshot.unresolved
    var lines = unresolved == 0 ? HTML("") : line(.worth, "\(unresolved) PID namespaces whose container is not known")
    if let kubernetes = state.kubernetes {
      let errors = kubernetes.watch.errors.filter { $0.key != .expired }.values.reduce(0, +)
      let failures: HTML = errors == 0 ? "" : ", \(errors) failures since the start"
      if let last = kubernetes.watch.lastEvent {
        lines += line(
          now - last < Self.silence ? .good : .bad,
          "\(kubernetes.pods) pods; the API server was heard \(seconds(since: last)) ago\(html: failures)")
      } else {
        lines += line(.bad, "The API server has not been heard yet\(html: failures)")
      }
    }
    return lines
  }

  /// A server that is well sends a bookmark a minute or so.
  private static let silence = 300.0

  private var maps: HTML {
    var rows: HTML = ""
    for map in state.snapshot.maps {
      rows += """
        <tr><th scope="row">\(map.map)</th><td class="number">\(map.entries)</td><td class="number">\(map.capacity)</td>\
        <td class="number">\(map.memoryBytes / 1024)</td><td><meter min="0" max="\(map.capacity)" high="\(max(1, map.capacity * 4 / 5))" \
        optimum="0" value="\(map.capacity > 1 ? map.entries : 0)" aria-label="Filled"></meter></td></tr>

        """
    }
    return rows
  }

  private func seconds(since time: Double) -> String { "\(max(0, now - time).asRate) s" }
}
