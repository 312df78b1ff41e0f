// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// All commands as subcommands of one, from which the argument parser generates completions and manual pages.
///
/// It parses nothing else: the argument parser would assign a subcommand's flags to the parent command
/// (``PidnsExporter``).
struct CommandTree: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: Serve.configuration.commandName, abstract: Serve.configuration.abstract,
    discussion: Serve.configuration.discussion, version: Serve.configuration.version,
    subcommands: [CheckConfig.self, Events.self, Top.self, Unpin.self])

  @OptionGroup var serve: Serve

  struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check-config", abstract: CheckConfigCommand.configuration.abstract,
      discussion: CheckConfigCommand.configuration.discussion)

    @OptionGroup var command: CheckConfigCommand
  }

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

  struct Unpin: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "unpin", abstract: UnpinCommand.configuration.abstract,
      discussion: UnpinCommand.configuration.discussion)

    @OptionGroup var command: UnpinCommand
  }

  /// The flags that generate them.
  static let flags: Set<String> = ["--generate-completion-script", "--experimental-dump-help"]
}
