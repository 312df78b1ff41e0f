// SPDX-License-Identifier: Apache-2.0

import CPidns

/// Names a part of a PID namespace: its processes in one cgroup.
///
/// Counts are stored by part. Most namespaces have one part. Those of a host, of a pod with a shared process
/// namespace, and of a container with systemd in it have several.
package struct NamespacePart: Hashable, Sendable {
  /// The namespace.
  package let namespace: PIDNamespace
  /// The kernel's number of the cgroup in its hierarchy. 0 is the part of the namespace's init, and of all processes
  /// that have no part of their own.
  package let cgroup: UInt64

  /// Creates the name of a part; without a cgroup, that of the namespace's init.
  package init(_ namespace: PIDNamespace, cgroup: UInt64 = 0) {
    self.namespace = namespace
    self.cgroup = cgroup
  }

  init(_ part: pidns_part) {
    self.init(PIDNamespace(part.namespace), cgroup: part.cgroup)
  }

  var key: pidns_part { pidns_part(namespace: namespace.key, cgroup: cgroup) }

  /// Whether it is the part of the namespace's init.
  package var isOfInit: Bool { cgroup == 0 }

  /// The part of the namespace's init.
  package var ofInit: NamespacePart { NamespacePart(namespace) }
}
