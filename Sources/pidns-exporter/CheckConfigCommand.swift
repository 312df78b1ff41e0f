// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter

/// The command `check-config`: checks a file for `--web.config.file`.
struct CheckConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pidns-exporter check-config",
    abstract: "Checks a file for --web.config.file, and the certificates that it names.",
    discussion: """
      Prints ok and exits with 0 if the exporter can use the file. Otherwise prints one line about the first problem to \
      stderr, and exits with 1. Run it as the exporter's user: it reads the same files.
      """)

  @Argument(help: ArgumentHelp("The file.", valueName: "file"))
  var file: String

  /// Checks everything that the exporter checks at its start.
  func run() throws {
    _ = try WebPolicy(reading: file)
    print("ok")
  }
}
