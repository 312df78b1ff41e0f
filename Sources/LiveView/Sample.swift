// SPDX-License-Identifier: Apache-2.0

/// What is known of the node and its namespaces at one time: what an exposition says, or the exporter itself.
package struct Sample: Equatable, Sendable {
  /// Counts of what happened, since the exporter started.
  package struct Events: Equatable, Sendable {
    package var execs = 0.0
    package var exits = 0.0
    /// Exits with a status that is not 0, or by a signal; teardown left out.
    package var failures = 0.0

    package init(execs: Double = 0, exits: Double = 0, failures: Double = 0) {
      (self.execs, self.exits, self.failures) = (execs, exits, failures)
    }
  }

  /// The labels that tell one series from another: with the exporter's `--labels.level` some are empty.
  package struct Identity: Hashable, Sendable {
    package var pidns = ""
    package var namespace = ""
    package var pod = ""
    package var container = ""
    package var unit = ""

    /// Names a series.
    package init(
      pidns: String = "", namespace: String = "", pod: String = "", container: String = "", unit: String = ""
    ) {
      (self.pidns, self.namespace, self.pod, self.container) = (pidns, namespace, pod, container)
      self.unit = unit
    }
  }

  /// What is there of one label set.
  package struct Entry: Equatable, Sendable {
    package var events = Events()
    /// nil where the exporter does not show tasks.
    package var processes, threads, zombies: Double?
    /// When its init started and when it ended, since the epoch; nil where it is not said.
    package var start, end: Double?
    /// What the init was called, if that is known.
    package var initComm = ""
    /// Whether this is the host's own namespace.
    package var isHost = false

    /// Knows nothing of it.
    package init() {}
  }

  package var namespaces: [Identity: Entry] = [:]
  package var node = Events()
  /// Namespaces that live, and that have ended and are still shown.
  package var live = 0.0
  package var retained = 0.0
  /// When the kernel was read for it, in seconds since the epoch by the exporter's clock; nil where it does not say so.
  package var time: Double?
  /// When the exporter started.
  package var exporterStart: Double?
  /// Whether the exporter's last poll succeeded.
  package var isUp = true

  /// Knows nothing.
  package init() {}
}
