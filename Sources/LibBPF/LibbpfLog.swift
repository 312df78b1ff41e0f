// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc
import Synchronization

/// Holds back what libbpf would print to stderr, until an error needs the line that explains it.
enum LibbpfLog {
  /// Bytes that are kept: a verifier log at its default level is a few KiB, and its end tells the cause.
  private static let capacity = 64 * 1024
  private static let text = Mutex("")

  /// Sends libbpf's messages here, for the whole process. Debug messages are left out.
  static func capture() {
    _ = unsafe libbpf_set_print { level, format, arguments in
      guard level != LIBBPF_DEBUG, let format = unsafe format, let arguments = unsafe arguments else {
        return 0
      }
      // A verifier log comes as one message, whose end matters most: none is cut while it is formatted.
      guard let message = unsafe shim_format(format, arguments) else { return 0 }
      defer { unsafe free(message) }
      LibbpfLog.text.withLock { text in
        text += unsafe String(cString: message)
        if text.utf8.count > LibbpfLog.capacity { text = String(text.suffix(LibbpfLog.capacity / 2)) }
      }
      return 0
    }
  }

  /// Empties the log and answers its most telling line.
  static func drainUsefulLine() -> String? {
    let log = text.withLock { text in
      defer { text = "" }
      return text
    }
    return usefulLine(of: log)
  }

  /// Finds the line that says why: the verifier's last words before its statistics, else the last line.
  static func usefulLine(of log: String) -> String? {
    let lines = log.split(whereSeparator: \.isNewline)
    if let end = lines.lastIndex(where: { $0.contains("END PROG LOAD LOG") }) {
      let verdict = lines[..<end].last { line in
        !line.hasPrefix("processed ") && !line.hasPrefix("verification time ")
          && !line.hasPrefix("stack depth ") && !line.contains("BEGIN PROG LOAD LOG")
      }
      if let verdict { return String(verdict) }
    }
    let messages = lines.map { $0.hasPrefix("libbpf: ") ? $0.dropFirst("libbpf: ".count) : $0 }
    // What libbpf says last, whatever the cause.
    return messages.last { !$0.hasPrefix("failed to load object") }.map(String.init)
  }
}
