// SPDX-License-Identifier: Apache-2.0

import Logging
import Platform
import Text

/// Writes each event as one line to stderr.
struct LineLogHandler: LogHandler {
  let format: LogFormat
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  init(format: LogFormat, logLevel: Logger.Level) {
    self.format = format
    self.logLevel = logLevel
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let extra = metadata.merging(event.metadata ?? [:]) { _, new in new }
    let fields =
      [
        (name: "ts", value: Self.timestamp), (name: "level", value: event.level.rawValue),
        (name: "msg", value: "\(event.message)"),
      ] + extra.sorted { $0.key < $1.key }.map { (name: $0.key, value: "\($0.value)") }
    StandardError.write(line: format.line(fields))
  }

  /// Returns the current time, to the millisecond.
  private static var timestamp: String {
    let (seconds, nanoseconds) = Clock.epochTime
    return UTCTimestamp.text(seconds: seconds, nanoseconds: nanoseconds, digits: 3)
  }
}
