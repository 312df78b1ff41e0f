// SPDX-License-Identifier: Apache-2.0

/// Which PID namespaces are counted.
package enum NamespaceScope: String, Sendable, CaseIterable {
  /// All of the host; the exporter has to run in the host's PID namespace.
  case host
  /// The exporter's own PID namespace and those inside of it: for a node that is a container itself, as in kind.
  case own
}
