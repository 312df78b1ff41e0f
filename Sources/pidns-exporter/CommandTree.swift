// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// All commands as subcommands of one: what completions and manual pages are made of, by the parser's own means. It parses nothing else, as
/// flags of the command above would be taken for those of a subcommand (``PidnsExporter``).
struct CommandTree: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: Serve.configuration.commandName, abstract: Serve.configuration.abstract,
    discussion: Serve.configuration.discussion, version: Serve.configuration.version,
    subcommands: [Events.self, Top.self])

  @OptionGroup var serve: Serve

  struct Events: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "events", abstract: EventsCommand.configuration.abstract,
      discussion: EventsCommand.configuration.discussion)

    @OptionGroup var command: EventsCommand
  }

  struct Top: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "top", abstract: TopCommand.configuration.abstract,
      discussion: TopCommand.configuration.discussion)

    @OptionGroup var command: TopCommand
  }

  /// What asks for it.
  static let flags: Set<String> = ["--generate-completion-script", "--experimental-dump-help"]
}
