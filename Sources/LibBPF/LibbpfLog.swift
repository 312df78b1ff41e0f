// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Glibc
import Synchronization

/// Collects the messages that libbpf would print to stderr. An error uses the line that explains it.
enum LibbpfLog {
  /// The size of the log, in bytes. A verifier log at its default level has a few KiB, and its end has the
  /// cause.
  private static let capacity = 64 * 1024
  private static let text = Mutex("")

  /// Redirects libbpf's messages to this log, for the whole process. Discards debug messages.
  static func capture() {
    unsafe shim_capture { message in
      guard let message = unsafe message else { return }
      // A verifier log is one message, and its end matters most.
      LibbpfLog.text.withLock { text in
        text += unsafe String(cString: message)
        if text.utf8.count > LibbpfLog.capacity { text = String(text.suffix(LibbpfLog.capacity / 2)) }
      }
    }
  }

  /// Empties the log and returns its most useful line; nil if it is empty.
  static func drainUsefulLine() -> String? { usefulLine(of: drain()) }

  /// Empties the log and returns it.
  static func drain() -> String {
    text.withLock { text in
      defer { text = "" }
      return text
    }
  }

  /// Returns the program that the last message names, such as `prog 'process_exec': failed to load: -22`; nil if it is of something
  /// else.
  static func program(of log: String) -> String? {
    messages(of: log).last?.prefixMatch(of: /prog '([^']+)'/).map { String($0.1) }
  }

  /// The lines of libbpf and the verifier without libbpf's last one, which names no cause.
  private static func messages(of log: String) -> [Substring] {
    log.split(whereSeparator: \.isNewline)
      .map { $0.hasPrefix("libbpf: ") ? $0.dropFirst("libbpf: ".count) : $0 }
      .filter { !$0.hasPrefix("failed to load object") }
  }

  /// Returns the line with the cause: the last verifier line before the statistics, otherwise the last line.
  static func usefulLine(of log: String) -> String? {
    let lines = log.split(whereSeparator: \.isNewline)
    if let end = lines.lastIndex(where: { $0.contains("END PROG LOAD LOG") }) {
      let verdict = lines[..<end].last { line in
        !line.hasPrefix("processed ") && !line.hasPrefix("verification time ")
          && !line.hasPrefix("stack depth ") && !line.contains("BEGIN PROG LOAD LOG")
      }
      if let verdict { return String(verdict) }
    }
    // libbpf's last message, whatever the cause.
    return messages(of: log).last.map(String.init)
  }
}
