// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A line of `pidns-exporter events --output json`.
package struct StreamedEvent: Decodable, Sendable {
  package let time: String
  package let event: String
  /// The other fields with whole numbers.
  package var numbers: [String: Int64] = [:]
  /// The other fields with fractions.
  package var reals: [String: Double] = [:]
  /// The other fields with strings.
  package var texts: [String: String] = [:]
  package var arguments: [String]?

  private struct Field: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }
  }

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Field.self)
    time = try fields.decode(String.self, forKey: Field(stringValue: "time"))
    event = try fields.decode(String.self, forKey: Field(stringValue: "event"))
    for key in fields.allKeys where key.stringValue != "time" && key.stringValue != "event" {
      if let number = try? fields.decode(Int64.self, forKey: key) {
        numbers[key.stringValue] = number
      } else if let number = try? fields.decode(Double.self, forKey: key) {
        reals[key.stringValue] = number
      } else if let text = try? fields.decode(String.self, forKey: key) {
        texts[key.stringValue] = text
      } else if key.stringValue == "args" {
        arguments = try fields.decodeIfPresent([String].self, forKey: key)
      }
    }
  }

  /// Reads all lines; invalid JSON is an error.
  package static func lines(of text: String) throws -> [StreamedEvent] {
    try text.split(separator: "\n").map { try JSONDecoder().decode(Self.self, from: Data($0.utf8)) }
  }
}
