// SPDX-License-Identifier: Apache-2.0

/// Why the exporter cannot run, in one line for people: what, why, and what to do.
public struct ExporterError: Error, Sendable, CustomStringConvertible {
  /// The line, without the program's name.
  public let description: String

  init(_ description: String) { self.description = description }
}
