// SPDX-License-Identifier: Apache-2.0

import LiveView
import ArgumentParser
import Text

/// Flags for the table of `top`.
struct TableFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Metrics of the exporter to read (default: \(TopCommand.defaultURL)).", valueName: "url"))
  var url: String?

  @Option(
    name: .customLong("http.config.file"),
    help: ArgumentHelp(
      "File with tls_config, basic_auth or authorization to read the exporter, as promtool reads it.",
      valueName: "file"))
  var clientFile: String?

  @Option(
    name: .customLong("unix-socket"),
    help: ArgumentHelp("Unix socket of the exporter, as in curl.", valueName: "path"))
  var unixSocket: String?

  @Option(
    help: ArgumentHelp("How often to read, 100ms at least (default: 2s).", valueName: "duration"),
    transform: PromDuration.parse)
  var interval = PromDuration(.seconds(2))

  @Option(help: ArgumentHelp("Column to sort by.", valueName: "column"))
  var sort = Column.exec

  @Option(help: ArgumentHelp("Show only rows with this text in a name.", valueName: "text"))
  var filter = ""

  @Flag(help: "Print the table once, after one interval, and exit: for scripts.")
  var once = false

  @Option(
    help: ArgumentHelp("With --once: print at most this number of rows.", valueName: "rows"),
    transform: WholeNumber.parse(like: "10"))
  var limit: Int?

  func validate() throws {
    if let url {
      guard TopCommand.isAddress(url) else {
        throw ValidationError(
          "--url '\(url.printable)' is not a URL: write one such as \(TopCommand.defaultURL)")
      }
    }
    guard interval.duration >= .milliseconds(100) else {
      throw ValidationError("--interval has to be at least 100ms: write 1s or 500ms")
    }
    guard limit == nil || once else {
      throw ValidationError(
        "--limit has no effect without --once, because the screen shows all rows: add --once")
    }
    guard limit.map({ $0 > 0 }) ?? true else {
      throw ValidationError("--limit has to be at least 1: write a number of rows such as 10")
    }
  }
}
