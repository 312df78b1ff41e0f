// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Probe
import Testing

@testable import Exporter
@testable import Namespaces

@Suite struct LabelCacheTests {
  private static func series(_ inum: UInt32, _ container: String, about: Snapshot.About? = nil)
    -> Snapshot.Series
  {
    Snapshot.Series(
      SeriesKey(Container.Names(container: container), inum: inum, at: .pidns), events: EventCounts(),
      isLive: true, about: about)
  }

  private static func about(_ comm: String) -> Snapshot.About {
    Snapshot.About(NamespaceIdentity(initComm: comm), Container())
  }

  /// Whether a cache has the label sets that an empty one writes.
  private static func isRight(_ cache: LabelCache, _ series: [Snapshot.Series]) -> Bool {
    let labels = cache.labels(of: series)
    let fresh = LabelCache().labels(of: series)
    return labels.map(\.series) == fresh.map(\.series) && labels.map(\.metadata) == fresh.map(\.metadata)
  }

  @Test("Each series keeps its own labels when series start, end, change labels or change order")
  func changes() {
    let cache = LabelCache()
    let (sh, web) = (Self.about("sh"), Self.about("web"))
    let snapshots: [[Snapshot.Series]] = [
      [], [Self.series(2, "a", about: sh), Self.series(4, "b")],
      [Self.series(1, "z"), Self.series(2, "a", about: web), Self.series(3, "c"), Self.series(4, "b")],
      // The same number with another name.
      [Self.series(2, "b", about: web), Self.series(5, "b")],
      [Self.series(5, "b"), Self.series(2, "b", about: sh)], [Self.series(2, "b")], [],
    ]
    for series in snapshots + snapshots.reversed() { #expect(Self.isRight(cache, series)) }
  }

  @Test("A label set has the labels of the series and of its description")
  func contents() {
    let labels = LabelCache().labels(of: [Self.series(7, "a\"b", about: Self.about("sh"))])
    #expect(
      labels.map(\.series) == [LabelSet(["pidns": "7", "namespace": "", "pod": "", "container": "a\"b"])])
    #expect(
      labels.map(\.metadata) == [
        LabelSet([
          "level": "1", "parent": "", "init_comm": "sh", "init_pid": "0", "container_id": "", "runtime": "",
          "pod_uid": "", "image": "",
        ])
      ])
    let names = Container.Names(namespace: "shop", pod: "web")
    #expect(
      LabelSet(SeriesKey(names, inum: 7, at: .namespace))
        == LabelSet(["namespace": "shop", "pod": "", "container": ""]))
  }
}
