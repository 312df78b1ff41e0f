// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Probe

/// An event with its container and its wall-clock time.
package struct EventRecord: Equatable, Sendable {
  /// The event.
  package var event: ProcessEvent
  /// The known fields of the container of its PID namespace.
  package var container: Container
  /// The wall-clock time of the event.
  package var time: WallTime

  /// Creates a record.
  package init(event: ProcessEvent, container: Container, time: WallTime) {
    self.event = event
    self.container = container
    self.time = time
  }
}

/// A time since the Unix epoch.
package struct WallTime: Equatable, Sendable {
  /// Whole seconds.
  package var seconds: Int
  /// The nanoseconds within the second, 0 to 999,999,999.
  package var nanoseconds: Int

  /// Creates a time.
  package init(seconds: Int, nanoseconds: Int) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }
}

/// The user namespace whose user and group IDs are shown.
package enum UserView: Equatable, Sendable {
  /// The initial user namespace: ID 0 is root on the host.
  case initial
  /// The process's own user namespace: the IDs that getuid(2) returns to it.
  case own

  /// Returns the user of an event, in this user namespace.
  package func user(of event: ProcessEvent) -> ProcessEvent.User {
    switch self {
    case .initial: event.user
    case .own: event.userInside
    }
  }
}
