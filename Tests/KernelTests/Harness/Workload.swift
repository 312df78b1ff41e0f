// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A run of pidns-workload, which knows to the event what happened in the namespaces that it made.
struct Workload {
  /// A line of its output.
  struct Truth: Decodable {
    let pidns: UInt32
    let counts: Counts
    let afterReady: Counts?

    enum CodingKeys: String, CodingKey {
      case pidns
      case afterReady = "after_ready"
    }

    init(from decoder: any Decoder) throws {
      let fields = try decoder.container(keyedBy: CodingKeys.self)
      pidns = try fields.decode(UInt32.self, forKey: .pidns)
      counts = try Counts(from: decoder)
      afterReady = try fields.decodeIfPresent(Counts.self, forKey: .afterReady)
    }
  }

  private let child: Child

  /// Starts it.
  init(_ arguments: String...) throws { try self.init(arguments) }

  init(_ arguments: [String]) throws {
    child = try Child(Built.workload.path(), arguments)
  }

  /// Runs it to its end.
  static func run(_ arguments: String...) throws -> [Truth] {
    try Workload(arguments).finish()
  }

  /// Reads the lines up to the one that says `"ready":true`; the namespace in that one, if it names it.
  func untilReady() throws -> (truths: [Truth], pidns: UInt32?) {
    struct Ready: Decodable {
      let ready: Bool
      let pidns: UInt32?
    }
    var truths: [Truth] = []
    while let line = child.line() {
      if let ready = try? JSONDecoder().decode(Ready.self, from: Data(line.utf8)) {
        return (truths, ready.pidns)
      }
      truths.append(try JSONDecoder().decode(Truth.self, from: Data(line.utf8)))
    }
    throw TestFailure("the workload never was ready: \(child.stderr)")
  }

  /// Has it go on.
  func go() { child.send(line: "more") }

  /// Whether it is still at it.
  var isRunning: Bool { child.isRunning }

  /// Ends its input, and reads what is left to read but for the lines that say `"ready":true`.
  func finish() throws -> [Truth] {
    child.closeInput()
    let lines = child.rest().split(separator: "\n")
    guard child.wait() == 0 else { throw TestFailure("the workload failed: \(child.stderr)") }
    return try lines.filter { !$0.contains("\"ready\":true") }.map {
      try JSONDecoder().decode(Truth.self, from: Data($0.utf8))
    }
  }
}
