// SPDX-License-Identifier: Apache-2.0

/// The reason why a measurement cannot be made.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
