// SPDX-License-Identifier: Apache-2.0

/// The output formats of events.
package enum EventFormat: String, CaseIterable, Sendable {
  /// Aligned columns.
  case table
  /// JSON Lines: an object for each event.
  case json
  /// `key=value` fields with the same keys as JSON.
  case logfmt
}
