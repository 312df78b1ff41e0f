// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Reads whole numbers, and says what to write where there is none.
enum WholeNumber {
  /// Returns a parser of whole numbers for a flag.
  ///
  /// - Parameter example: A number that the error message shows.
  static func parse<Number: FixedWidthInteger & SendableMetatype>(
    like example: String
  ) -> @Sendable (String) throws -> Number {
    { text in
      guard let number = Number(text) else {
        throw ValidationError("write a whole number, such as \(example)")
      }
      return number
    }
  }
}
