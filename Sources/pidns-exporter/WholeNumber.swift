// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Parses whole numbers in flags, with errors that show the correct syntax.
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
