// SPDX-License-Identifier: Apache-2.0

package import Logging
import Text

/// How a log line is written, to stderr.
package enum LogFormat: String, CaseIterable, Sendable {
  /// `ts=… level=info msg="listening" address=:10059`
  case logfmt
  /// `{"ts":"…","level":"info","msg":"listening","address":":10059"}`
  case json

  /// Makes a logger that writes so, from a level on.
  package func logger(level: Logger.Level) -> Logger {
    Logger(label: "pidns-exporter") { _ in LineLogHandler(format: self, logLevel: level) }
  }

  /// Puts fields into one line; values may hold anything, and a line stays one line.
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
