// SPDX-License-Identifier: Apache-2.0

/// The PID namespaces that are counted.
package enum NamespaceScope: String, Sendable, CaseIterable {
  /// All of the host; the exporter must run in the host's PID namespace.
  case host
  /// The exporter's own PID namespace and those inside it: for a node that is itself a container, as in kind.
  case own
}
