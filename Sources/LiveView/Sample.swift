// SPDX-License-Identifier: Apache-2.0

/// The state of the node and its namespaces at one time, from an exposition or from the exporter itself.
package struct Sample: Equatable, Sendable {
  /// Counts of events since the exporter started.
  package struct Events: Equatable, Sendable {
    package var execs = 0.0
    package var exits = 0.0
    /// Exits with a status other than 0, or by a signal; teardown is not included.
    package var failures = 0.0

    package init(execs: Double = 0, exits: Double = 0, failures: Double = 0) {
      (self.execs, self.exits, self.failures) = (execs, exits, failures)
    }
  }

  /// The labels that identify a series; with the exporter's `--labels.level` some are empty.
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

  /// The values of one label set.
  package struct Entry: Equatable, Sendable {
    package var events = Events()
    /// nil where the exporter does not show tasks.
    package var processes, threads, zombies: Double?
    /// When its init started and when it ended, since the epoch; nil if unknown.
    package var start, end: Double?
    /// The comm of the init; empty if unknown.
    package var initComm = ""
    /// Whether this is the host's own namespace.
    package var isHost = false

    /// Without values.
    package init() {}
  }

  package var namespaces: [Identity: Entry] = [:]
  package var node = Events()
  /// Live namespaces, and ended namespaces that are still shown.
  package var live = 0.0
  package var retained = 0.0
  /// When the exporter polled for it, in seconds since the epoch by its own clock; nil if it does not report that.
  package var time: Double?
  /// When the exporter started.
  package var exporterStart: Double?
  /// Whether the exporter's last poll succeeded.
  package var isUp = true

  /// An empty sample.
  package init() {}
}
