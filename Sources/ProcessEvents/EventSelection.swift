// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Probe

/// Which events are shown. Values of one kind are alternatives, an empty kind asks for nothing, and all kinds
/// have to agree.
///
/// Ask `mayInclude(_:)` first: it costs some comparisons, and only what it lets through has to be looked up for
/// `includes(_:)`.
package struct EventSelection: Equatable, Sendable {
  /// Which pods: by name, in one Kubernetes namespace or in any.
  package struct PodRule: Equatable, Sendable {
    let namespace: String?
    let name: String

    /// Reads `name` or `namespace/name`; nil where one of them is empty, or there are more.
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

  /// How much of an id has to be given: less is a name only, as `db` is more often than it begins an id.
  package static let shortestIDPrefix = 4

  /// Inums of pid namespaces.
  package var pidNamespaces: Set<UInt32> = []
  /// What containers are called, or how their ids begin.
  package var containers: [String] = []
  /// Pods.
  package var pods: [PodRule] = []
  /// What processes call themselves.
  package var comms: Set<String> = []
  /// Users, as `userView` numbers them.
  package var uids: Set<UInt32> = []
  /// Whose numbers `uids` are.
  package var userView = UserView.initial
  /// Whether only failures are shown: exits with another code than 0 or by a signal, and OOM kills. Who is killed
  /// because the init of the namespace exited has not failed.
  package var failedOnly = false

  /// Selects everything.
  package init() {}

  /// Whether a container has to be known to tell.
  package var asksForContainer: Bool { !containers.isEmpty || !pods.isEmpty }

  /// Whether an event is shown, as far as it tells by itself.
  package func mayInclude(_ event: ProcessEvent) -> Bool {
    (!failedOnly || event.action.isFailure)
      && (pidNamespaces.isEmpty || pidNamespaces.contains(event.namespace.inum))
      && (uids.isEmpty || uids.contains(userView.user(of: event).uid))
      && (comms.isEmpty || comms.contains(event.comm))
  }

  /// Whether events of a container are shown, as far as that tells.
  package func includes(_ container: Container) -> Bool {
    (containers.isEmpty || containers.contains { Self.container(container, isCalled: $0) })
      && (pods.isEmpty || pods.contains { $0.matches(container.names) })
  }

  /// Whether a record is shown.
  package func includes(_ record: EventRecord) -> Bool {
    mayInclude(record.event) && includes(record.container)
  }

  private static func container(_ container: Container, isCalled text: String) -> Bool {
    container.names.container == text
      || text.utf8.count >= shortestIDPrefix && container.id.utf8.starts(with: text.utf8)
  }
}

extension ProcessEvent.Action {
  /// Whether something went wrong. The teardown of a namespace is no failure, as in the metrics.
  package var isFailure: Bool {
    switch self {
    case .fork, .exec, .exit(reason: .completed, _, _), .exit(reason: .teardown, _, _): false
    case .exit(reason: .error, _, _), .exit(reason: .signaled, _, _), .oomKill: true
    }
  }
}
