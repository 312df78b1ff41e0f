// SPDX-License-Identifier: Apache-2.0

package import Containers
package import Probe

/// Where an ``EventSession`` reads: the ring buffer of the BPF programs with the names of containers, or a test's list.
package protocol EventSource: ~Copyable {
  /// How often to poll for events.
  static var interval: Duration { get }

  /// Becomes readable when there are many events, before the next poll is due.
  var descriptor: Int32 { get }

  /// The time of the newest event that was drained, in nanoseconds since boot; nil before the first one.
  var lastTime: UInt64? { get }

  /// Removes and returns the oldest events; none only if there is none by now.
  mutating func drain() throws -> [ProcessEvent]

  /// Returns the number of events for which there was no room, so far.
  mutating func dropped() throws -> UInt64

  /// Returns a program of which the kernel skipped runs; nil if there is none.
  mutating func skippedProgram() throws -> String?

  /// Returns the container of an event's namespace, as far as it is known.
  mutating func container(of event: ProcessEvent) -> Container

  /// Returns a time since boot as one since the epoch, in nanoseconds.
  func epochTime(of time: UInt64) -> Int64

  /// Stops new events.
  mutating func detach()
}
