// SPDX-License-Identifier: Apache-2.0

/// Why something is no exposition of a pidns-exporter, in words for people.
package struct ExpositionError: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
