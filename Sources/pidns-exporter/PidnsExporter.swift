// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Glibc
import Kubernetes
import Platform
import Text
import WebConfig

/// The program: parses its flags, runs a command, and converts errors to exit codes.
@main
struct PidnsExporter {
  /// The commands by the first argument; `serve` is the default. They are not subcommands of the argument
  /// parser, which would assign a subcommand's flags to the parent command if both have a flag of the same
  /// name.
  private static let commands: [String: any ParsableCommand.Type] = [
    "check-config": CheckConfigCommand.self, "events": EventsCommand.self, "top": TopCommand.self,
    "unpin": UnpinCommand.self,
  ]

  static func main() {
    StandardDescriptors.occupy()
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let name = arguments.first, let command = commands[name] {
      run(command, Array(arguments.dropFirst()))
    } else if let flag = arguments.first, CommandTree.flags.contains(flag) {
      run(CommandTree.self, arguments)
    } else if let word = arguments.first, !word.isEmpty, !word.hasPrefix("-") {
      let names = commands.keys.sorted()
      quit(
        "there is no command '\(word)': write \(names.dropLast().joined(separator: ", ")) or \(names.last ?? ""), or only flags to count and serve; see pidns-exporter --help",
        code: 2)
    } else {
      run(Serve.self, arguments)
    }
  }

  private static func run(_ command: (some ParsableCommand).Type, _ arguments: [String]) {
    do {
      var command = try command.parse(arguments)
      try command.run()
    } catch let error as ExporterError {
      quit(error.description, code: 1)
    } catch let error as KubernetesError {
      quit(error.description, code: 1)
    } catch let error as WebConfigError {
      quit(error.description, code: 1)
    } catch {
      // --help and --version arrive as errors too, with their text and code 0.
      guard command.exitCode(for: error) == .success else {
        let message = command.message(for: error).split(separator: "\n").joined(separator: " ")
        quit("\(message); see \(command.configuration.commandName ?? "pidns-exporter") --help", code: 2)
      }
      print(command.fullMessage(for: error))
    }
  }

  /// Writes a line to stderr and ends the process.
  private static func quit(_ line: String, code: Int32) -> Never {
    StandardError.write(line: "pidns-exporter: \(line.printable)")
    exit(code)
  }
}
