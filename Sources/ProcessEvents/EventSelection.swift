// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Probe

/// The filters of events. Values of one filter are alternatives. An empty filter matches everything. An event
/// must match all filters.
///
/// Call `mayInclude(_:)` first. It is cheap, and only matching events need a container lookup for
/// `includes(_:)`.
package struct EventSelection: Equatable, Sendable {
  /// Selects pods by name, in one Kubernetes namespace or in all.
  package struct PodRule: Equatable, Sendable {
    let namespace: String?
    let name: String

    /// Parses `name` or `namespace/name`. Returns nil if a part is empty or there are more parts.
    package init?(_ text: String) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count <= 2, let name = parts.last, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
      self.namespace = parts.count == 2 ? String(parts[0]) : nil
      self.name = String(name)
    }

    func matches(_ names: Container.Names) -> Bool {
      name == names.pod && (namespace.map { $0 == names.namespace } ?? true)
    }
  }

  /// The minimum length of a container ID prefix. Shorter text matches only names: `db` is a name more often
  /// than the start of an ID.
  package static let shortestIDPrefix = 4

  /// The inode numbers of PID namespaces.
  package var pidNamespaces: Set<UInt32> = []
  /// Container names or prefixes of container IDs.
  package var containers: [String] = []
  /// Units of systemd.
  package var units: Set<String> = []
  /// The pods.
  package var pods: [PodRule] = []
  /// The command names (`comm`) of processes.
  package var comms: Set<String> = []
  /// User IDs in the user namespace `userView`.
  package var uids: Set<UInt32> = []
  /// The user namespace of `uids`.
  package var userView = UserView.initial
  /// Whether only failures match: non-zero exit codes, signal deaths, and OOM kills. Processes that the
  /// kernel kills because their namespace's init exited are not failures.
  package var failedOnly = false

  /// Creates a selection that matches everything.
  package init() {}

  /// Whether matching needs the container of an event.
  package var asksForContainer: Bool { !containers.isEmpty || !pods.isEmpty || !units.isEmpty }

  /// Returns whether an event matches the filters that need no container.
  package func mayInclude(_ event: ProcessEvent) -> Bool {
    (!failedOnly || event.action.isFailure)
      && (pidNamespaces.isEmpty || pidNamespaces.contains(event.namespace.inum))
      && (uids.isEmpty || uids.contains(userView.user(of: event).uid))
      && (comms.isEmpty || comms.contains(event.comm))
  }

  /// Returns whether a container matches the filters for containers.
  package func includes(_ container: Container) -> Bool {
    (containers.isEmpty || containers.contains { Self.container(container, isCalled: $0) })
      && (units.isEmpty || units.contains(container.names.unit))
      && (pods.isEmpty || pods.contains { $0.matches(container.names) })
  }

  /// Returns whether a record matches all filters.
  package func includes(_ record: EventRecord) -> Bool {
    mayInclude(record.event) && includes(record.container)
  }

  private static func container(_ container: Container, isCalled text: String) -> Bool {
    container.names.container == text
      || text.utf8.count >= shortestIDPrefix && container.id.utf8.starts(with: text.utf8)
  }
}

extension ProcessEvent.Action {
  /// Whether the event is a failure. The teardown of a namespace is not one, as in the metrics.
  package var isFailure: Bool {
    switch self {
    case .fork, .exec, .exit(reason: .completed, _, _), .exit(reason: .teardown, _, _): false
    case .exit(reason: .error, _, _), .exit(reason: .signaled, _, _), .oomKill: true
    }
  }
}
