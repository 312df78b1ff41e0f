// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Glibc
import Kubernetes
import Platform
import Text

/// The program: reads its flags, and turns what ends it into an exit code.
@main
struct PidnsExporter {
  /// What is done instead of serving, by the first argument. No subcommands of the parser's: these take the flags of the
  /// command above them as that one's, also where both have a flag of a name.
  private static let commands: [String: any ParsableCommand.Type] = [
    "events": EventsCommand.self, "top": TopCommand.self,
  ]

  static func main() {
    StandardDescriptors.occupy()
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let name = arguments.first, let command = commands[name] {
      run(command, Array(arguments.dropFirst()))
    } else if let flag = arguments.first, CommandTree.flags.contains(flag) {
      run(CommandTree.self, arguments)
    } else if let word = arguments.first, !word.isEmpty, !word.hasPrefix("-") {
      quit(
        "there is no command '\(word)': write \(commands.keys.sorted().joined(separator: " or ")), or only flags to count and serve; see pidns-exporter --help",
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
    } catch {
      // --help and --version arrive as errors too, with their text and the code 0.
      guard command.exitCode(for: error) == .success else {
        let message = command.message(for: error).split(separator: "\n").joined(separator: " ")
        quit("\(message); see \(command.configuration.commandName ?? "pidns-exporter") --help", code: 2)
      }
      print(command.fullMessage(for: error))
    }
  }

  /// Says one line and ends the process.
  private static func quit(_ line: String, code: Int32) -> Never {
    StandardError.write(line: "pidns-exporter: \(line.printable)")
    exit(code)
  }
}
