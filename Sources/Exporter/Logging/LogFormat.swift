// SPDX-License-Identifier: Apache-2.0

package import Logging
import Text

/// The format of a log line on stderr.
package enum LogFormat: String, CaseIterable, Sendable {
  /// `ts=… level=info msg="listening" address=:10059`
  case logfmt
  /// `{"ts":"…","level":"info","msg":"listening","address":":10059"}`
  case json

  /// Creates a logger with this format and a lowest level.
  package func logger(level: Logger.Level) -> Logger {
    Logger(label: "pidns-exporter") { _ in LineLogHandler(format: self, logLevel: level) }
  }

  /// Formats fields as one line. Values may contain any text; the result has no line break.
  func line(_ fields: [(name: String, value: String)]) -> String {
    var line: [UInt8] = []
    for (name, value) in fields {
      switch self {
      case .logfmt:
        if !line.isEmpty { line.append(UInt8(ascii: " ")) }
        line.append(contentsOf: name.utf8)
        line.append(UInt8(ascii: "="))
        line.appendLogfmt(value)
      case .json:
        line.append(UInt8(ascii: line.isEmpty ? "{" : ","))
        line.appendQuoted(name)
        line.append(UInt8(ascii: ":"))
        line.appendQuoted(value)
      }
    }
    if self == .json { line.append(contentsOf: line.isEmpty ? "{}".utf8 : "}".utf8) }
    return String(decoding: line, as: UTF8.self)
  }
}
