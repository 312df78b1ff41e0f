// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Exporter
import Logging

/// Flags for logging to stderr.
struct LogFlags: ParsableArguments {
  @Option(
    name: .customLong("log.level"),
    help: ArgumentHelp("Lowest level of messages to log.", valueName: "level"))
  var level = LogLevel.info

  @Option(name: .customLong("log.format"), help: ArgumentHelp("Format of the messages.", valueName: "format"))
  var format = LogFormat.logfmt

  var logger: Logger { format.logger(level: level.level) }
}
