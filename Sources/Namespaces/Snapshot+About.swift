// SPDX-License-Identifier: Apache-2.0

import Containers
package import Exposition
import Probe

extension Snapshot {
  /// Describes the only namespace of a series.
  package struct About: Sendable {
    /// Its level, its init, its container: more than its names.
    package let labels: LabelSet
    /// Whether it is the host's own namespace.
    package let isHost: Bool
    /// The comm of its init: untrusted text, at most 15 bytes.
    package let initComm: String
    /// When its init began, and when it ended, in seconds since boot.
    private let startSinceBoot: Double
    private var endSinceBoot: Double?
    /// When the machine started, in seconds since the epoch: what the kernel's times since boot are added to.
    var boot: Double

    /// When its init began, in seconds since the epoch.
    package var start: Double { boot + startSinceBoot }
    /// When it ended, in seconds since the epoch; nil while it is live.
    package var end: Double? { endSinceBoot.map { boot + $0 } }

    /// - Parameter boot: When the machine started, in seconds since the epoch.
    init(_ identity: NamespaceIdentity, _ container: Container, boot: Double) {
      labels = LabelSet([
        "level": String(identity.level), "parent": identity.parent == 0 ? "" : String(identity.parent),
        "init_comm": identity.initComm, "init_pid": String(identity.initPID), "container_id": container.id,
        "runtime": container.runtime, "pod_uid": container.podUID, "image": container.image,
      ])
      isHost = identity.level == 0
      initComm = identity.initComm
      startSinceBoot = Double(identity.initStart) / 1e9
      endSinceBoot = identity.initEnd == 0 ? nil : Double(identity.initEnd) / 1e9
      self.boot = boot
    }

    /// Notes that it has ended, by a moment in seconds since boot, where its own end is not known.
    mutating func end(by sinceBoot: Double) { endSinceBoot = endSinceBoot ?? sinceBoot }
  }
}
