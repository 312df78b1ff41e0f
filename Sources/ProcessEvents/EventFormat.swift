// SPDX-License-Identifier: Apache-2.0

/// How events are written.
package enum EventFormat: String, CaseIterable, Sendable {
  /// Aligned columns, for people.
  case table
  /// JSON Lines: an object for each event.
  case json
  /// `key=value`, with the same keys.
  case logfmt
}
