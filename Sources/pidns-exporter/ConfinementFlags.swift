// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Logging
import Confinement

/// Flags for the privileges that the process drops after its start.
struct ConfinementFlags: ParsableArguments {
  @Flag(
    name: .customLong("confinement"), inversion: .prefixedNo,
    help:
      "After the start, drop capabilities, and deny system calls, files and ports that the exporter no longer needs."
  )
  var isOn = true

  @Option(
    name: .customLong("capabilities.keep"),
    help: ArgumentHelp(
      "Capabilities to keep after the start, separated by commas, in addition to those that the exporter still needs.",
      valueName: "CAP_X,…"), transform: Self.parse)
  var kept: Capabilities?

  private static func parse(_ text: String) throws -> Capabilities {
    var set: Capabilities = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let one = Capabilities(name: String(name)) else {
        throw ValidationError("'\(name)' is not a capability: write names such as CAP_DAC_READ_SEARCH")
      }
      set.formUnion(one)
    }
    return set
  }

  /// Logs a warning for a flag without effect.
  func warn(_ logger: Logger) {
    if !isOn && kept != nil {
      logger.warning("--capabilities.keep has no effect with --no-confinement; remove one of them")
    }
  }

  /// The restrictions after the start; nil for everything.
  var rule: ConfinementRule? { isOn ? ConfinementRule(keeping: kept ?? []) : nil }
}
