// SPDX-License-Identifier: Apache-2.0

import CPidns

/// Identifies a PID namespace, also after the kernel reuses its number.
package struct PIDNamespace: Hashable, Sendable {
  /// The number in `/proc/PID/ns/pid`. The kernel reuses it when this namespace has ended.
  package let inum: UInt32
  /// Distinguishes namespaces with the same inum: the kernel's `ns_id`, else the start of the namespace's
  /// init in nanoseconds since boot.
  package let generation: UInt64

  /// Names a namespace.
  package init(inum: UInt32, generation: UInt64) {
    self.inum = inum
    self.generation = generation
  }

  init(_ key: pidns_key) {
    self.init(inum: key.inum, generation: key.generation)
  }

  var key: pidns_key { pidns_key(inum: inum, padding: 0, generation: generation) }
}
