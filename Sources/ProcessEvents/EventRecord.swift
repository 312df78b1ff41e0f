// SPDX-License-Identifier: Apache-2.0

public import BPFKit
public import Containers

/// An event, whose it is, and when it was by the clock on the wall: all that is written of it.
public struct EventRecord: Equatable, Sendable {
  /// What happened.
  public var event: ProcessEvent
  /// The container of its pid namespace, as far as that is known.
  public var container: Container
  /// When.
  public var time: WallTime

  /// Puts a record together.
  public init(event: ProcessEvent, container: Container, time: WallTime) {
    self.event = event
    self.container = container
    self.time = time
  }
}

/// A moment since the Unix epoch.
public struct WallTime: Equatable, Sendable {
  /// Whole seconds.
  public var seconds: Int
  /// Nanoseconds since then, 0 to 999,999,999.
  public var nanoseconds: Int

  /// States a moment.
  public init(seconds: Int, nanoseconds: Int) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }
}

/// Whose numbers of users and groups are meant.
public enum UserView: Equatable, Sendable {
  /// The initial user namespace's: root in there is root of the host.
  case initial
  /// The process's own user namespace: what its getuid() answers.
  case own

  /// The user that did something.
  public func user(of event: ProcessEvent) -> ProcessEvent.User {
    switch self {
    case .initial: event.user
    case .own: event.userInside
    }
  }
}
