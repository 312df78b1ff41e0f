// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Namespaces
import Probe
import Synchronization

/// Keeps the label sets of the series from one snapshot to the next: writing them takes longer than writing a line.
///
/// Shared by the threads that render. Holds the series of the last snapshot that was rendered, and no others.
final class LabelCache: Sendable {
  /// The label sets of one series.
  struct Labels: Sendable {
    /// The labels of each of its lines.
    let series: LabelSet
    /// The labels that its metadata adds.
    let metadata: LabelSet
  }

  /// The label sets of a snapshot, and the series from which they were written, in the same order.
  private struct Written {
    var sources: [(key: SeriesKey, about: Snapshot.About?)] = []
    var labels: [Labels] = []

    func isOf(_ series: [Snapshot.Series]) -> Bool {
      series.count == sources.count
        && series.indices.allSatisfy {
          sources[$0].about === series[$0].about && sources[$0].key == series[$0].key
        }
    }

    mutating func append(_ series: Snapshot.Series, _ labels: Labels) {
      sources.append((series.key, series.about))
      self.labels.append(labels)
    }
  }

  private let last = Mutex(Written())

  /// Returns the label sets of each series, in the same order.
  ///
  /// - Complexity: O(series); nothing is allocated if nothing has changed. Only those that are new since the last call are
  ///   written, if both lists are sorted by key, as those of the ledger are.
  func labels(of series: [Snapshot.Series]) -> [Labels] {
    // Outside the lock: two threads may write the same label sets.
    let known = last.withLock { $0 }
    if known.isOf(series) { return known.labels }
    var written = Written()
    var next = 0
    for series in series {
      while next < known.sources.count, known.sources[next].key != series.key,
        known.sources[next].key < series.key
      { next += 1 }
      guard next < known.sources.count, known.sources[next].key == series.key else {
        written.append(
          series, Labels(series: LabelSet(series.key), metadata: Self.metadata(series.about)))
        continue
      }
      let labels = known.labels[next]
      let isSame = known.sources[next].about === series.about
      written.append(
        series, isSame ? labels : Labels(series: labels.series, metadata: Self.metadata(series.about)))
    }
    last.withLock { $0 = written }
    return written.labels
  }

  private static func metadata(_ about: Snapshot.About?) -> LabelSet { about.map { LabelSet($0) } ?? .empty }
}

extension LabelSet {
  /// Every level has three labels: without one, a series would inherit the label of the exporter's own pod. A target
  /// has no label `unit`, so only series of units have it.
  init(_ key: SeriesKey) {
    let names = key.names
    var labels: [(key: String, value: String)] = []
    if let inum = key.inum { labels.append(("pidns", String(inum))) }
    labels += [("namespace", names.namespace), ("pod", names.pod), ("container", names.container)]
    if !names.unit.isEmpty { labels.append(("unit", names.unit)) }
    self.init(pairs: labels)
  }

  fileprivate init(_ about: Snapshot.About) {
    let (identity, container) = (about.identity, about.container)
    self.init([
      "level": String(identity.level), "parent": identity.parent == 0 ? "" : String(identity.parent),
      "init_comm": identity.initComm, "init_pid": String(identity.initPID), "container_id": container.id,
      "runtime": container.runtime, "pod_uid": container.podUID, "image": container.image,
    ])
  }
}
