// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Probe

/// The source of an ``EventSession``: the ring buffer of the BPF programs with container names, or a list in
/// tests.
package protocol EventSource: ~Copyable {
  /// The time between polls for events.
  static var interval: Duration { get }

  /// Becomes readable when many events are waiting, before the next poll is due.
  var descriptor: Int32 { get }

  /// The time of the newest drained event, in nanoseconds since boot; nil before the first one.
  var lastTime: UInt64? { get }

  /// Removes and returns the oldest events. Empty only if none are available.
  mutating func drain() throws -> [ProcessEvent]

  /// Returns the total number of events that were dropped because the buffer was full.
  mutating func dropped() throws -> UInt64

  /// Returns the name of a program of which the kernel skipped runs; nil if there is none.
  mutating func skippedProgram() throws -> String?

  /// Returns the known fields of the container of an event's PID namespace.
  mutating func container(of event: ProcessEvent) -> Container

  /// Converts nanoseconds since boot to nanoseconds since the epoch.
  func epochTime(of time: UInt64) -> Int64

  /// Stops new events. Waiting events can still be drained.
  mutating func detach()
}
