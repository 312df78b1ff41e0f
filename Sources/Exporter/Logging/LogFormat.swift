// SPDX-License-Identifier: Apache-2.0

public import Logging

/// How a log line is written, to stderr.
public enum LogFormat: String, CaseIterable, Sendable {
  /// `ts=… level=info msg="Listening" address=:10059`
  case logfmt
  /// `{"ts":"…","level":"info","msg":"Listening","address":":10059"}`
  case json

  /// Makes a logger that writes so, from a level on.
  public func logger(level: Logger.Level) -> Logger {
    Logger(label: "pidns-exporter") { _ in LineLogHandler(format: self, logLevel: level) }
  }

  /// Puts fields into one line; values may hold anything, and a line stays one line.
  func line(_ fields: [(name: String, value: String)]) -> String {
    switch self {
    case .logfmt:
      fields.map { "\($0.name)=\(Self.isBare($0.value) ? $0.value : Self.quoted($0.value))" }
        .joined(separator: " ")
    case .json:
      "{" + fields.map { "\(Self.quoted($0.name)):\(Self.quoted($0.value))" }.joined(separator: ",") + "}"
    }
  }

  /// Whether a logfmt value needs no quotes.
  private static func isBare(_ value: String) -> Bool {
    !value.isEmpty
      && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x3d && $0 != 0x5c }
  }

  /// Quotes as JSON does, which logfmt readers understand too.
  private static func quoted(_ value: String) -> String {
    var quoted = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
