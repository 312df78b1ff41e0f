// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Probe

/// An event, whose it is, and when it was by the clock on the wall: all that is written of it.
package struct EventRecord: Equatable, Sendable {
  /// What happened.
  package var event: ProcessEvent
  /// The container of its pid namespace, as far as that is known.
  package var container: Container
  /// When.
  package var time: WallTime

  package init(event: ProcessEvent, container: Container, time: WallTime) {
    self.event = event
    self.container = container
    self.time = time
  }
}

/// A moment since the Unix epoch.
package struct WallTime: Equatable, Sendable {
  /// Whole seconds.
  package var seconds: Int
  /// Nanoseconds since then, 0 to 999,999,999.
  package var nanoseconds: Int

  /// States a moment.
  package init(seconds: Int, nanoseconds: Int) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }
}

/// Whose numbers of users and groups are meant.
package enum UserView: Equatable, Sendable {
  /// The initial user namespace's: root in there is root of the host.
  case initial
  /// The process's own user namespace: what its getuid() answers.
  case own

  /// The user that did something.
  package func user(of event: ProcessEvent) -> ProcessEvent.User {
    switch self {
    case .initial: event.user
    case .own: event.userInside
    }
  }
}
