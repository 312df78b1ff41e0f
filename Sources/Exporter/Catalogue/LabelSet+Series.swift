// SPDX-License-Identifier: Apache-2.0

import Containers
import Exposition
import Namespaces
import Probe

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

  /// The labels that a series' metadata adds.
  init(_ about: Snapshot.About) {
    let (identity, container) = (about.identity, about.container)
    self.init([
      "level": String(identity.level), "parent": identity.parent == 0 ? "" : String(identity.parent),
      "init_comm": identity.initComm, "init_pid": String(identity.initPID), "container_id": container.id,
      "runtime": container.runtime, "pod_uid": container.podUID, "image": container.image,
    ])
  }
}
