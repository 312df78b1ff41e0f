// SPDX-License-Identifier: Apache-2.0

/// What one exposition says of the node and its namespaces.
package struct Reading: Equatable, Sendable {
  /// Counts of what happened, since the exporter started.
  struct Events: Equatable, Sendable {
    var execs = 0.0
    var exits = 0.0
    /// Exits with a status that is not 0, or by a signal; teardown left out.
    var failures = 0.0
  }

  /// The labels that tell one series from another: with the exporter's `--labels.level` some are empty.
  struct Identity: Hashable, Sendable {
    var pidns = ""
    var namespace = ""
    var pod = ""
    var container = ""
  }

  /// What is there of one label set.
  struct Entry: Equatable, Sendable {
    var events = Events()
    /// nil where the exporter does not show tasks.
    var processes, threads, zombies: Double?
    /// When its init started and when it ended, since the epoch; nil where it is not said.
    var start, end: Double?
    /// What the init was called, if that is known.
    var initComm = ""
    /// Whether this is the host's own namespace.
    var isHost = false
  }

  var namespaces: [Identity: Entry] = [:]
  var node = Events()
  /// Namespaces that live, and that have ended and are still shown.
  var live = 0.0
  var retained = 0.0
  /// When the kernel was read for it, in seconds since the epoch by the exporter's clock; nil where it does not say so.
  var time: Double?
  /// When the exporter started.
  var exporterStart: Double?
  /// Whether the exporter's last poll succeeded.
  var isUp = true
}

/// Why something is no exposition of a pidns-exporter, in words for people.
package struct ExpositionError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
