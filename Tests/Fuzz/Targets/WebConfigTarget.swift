// SPDX-License-Identifier: Apache-2.0

import Foundation
import WebConfig
import YAML

/// The file of `--web.config.file`.
enum WebConfigTarget {
  static func run(_ input: [UInt8]) {
    checkYAML(input)
    do {
      let configuration = try WebConfiguration(parsing: input, file: "/etc/web.yml")
      for header in configuration.headers {
        check(
          !header.value.isEmpty && !header.value.utf8.contains { $0 < 0x20 || $0 == 0x7F },
          "a header with control characters: \(header)")
      }
      check(
        configuration.files.allSatisfy { $0.utf8.first == UInt8(ascii: "/") },
        "a relative path: \(configuration.files)")
      check(configuration.users.values.allSatisfy { $0.text.utf8.count == 60 }, "not a hash")
    } catch {
      // By bytes: a combining mark makes another character of the space before it.
      let text = error.description.utf8
      check(text.starts(with: "/etc/web.yml: ".utf8), "an error without its file: \(error)")
      check(!text.contains(0x0A), "an error of several lines: \(error)")
    }
  }

  /// Checks that YAML gives a value, or a reason in one line.
  static func checkYAML(_ input: [UInt8]) {
    do { _ = try YAML.value(input) } catch {
      check(error.line > 0 && !error.problem.utf8.contains(0x0A), "a reason of several lines: \(error)")
    }
  }
}
