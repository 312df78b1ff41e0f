// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A run of pidns-workload, which knows to the event what happened in the namespaces that it made. They are in a
/// container of its own.
package struct Workload {
  private let child: Child
  package let container: OwnContainer

  /// Starts it.
  package init(_ arguments: String...) throws { try self.init(arguments) }

  /// - Parameter entry: A command in front of the program, such as `nsenter …`.
  package init(_ arguments: [String], entry: [String] = []) throws {
    container = try OwnContainer()
    let command = entry + [Built.workload.path()] + arguments
    child = try container.start(command[0], Array(command.dropFirst()))
  }

  /// Runs it to its end.
  package static func run(_ arguments: String...) throws -> [Truth] {
    try Workload(arguments).finish()
  }

  /// Reads the lines up to the one that says `"ready":true`; the namespace in that one, if it names it.
  package func untilReady() throws -> (truths: [Truth], pidns: UInt32?) {
    var truths: [Truth] = []
    while let line = child.line() {
      if let ready = try? JSONDecoder().decode(Ready.self, from: Data(line.utf8)) {
        return (truths, ready.pidns)
      }
      truths.append(try truth(line))
    }
    throw TestFailure("the workload never was ready: \(child.stderr)")
  }

  /// Has it go on.
  package func go() { child.send(line: "more") }

  /// Whether it is still at it.
  package var isRunning: Bool { child.isRunning }

  /// Ends its input, and reads what is left to read but for the lines that say `"ready":true`.
  package func finish() throws -> [Truth] {
    child.closeInput()
    let lines = child.rest().split(separator: "\n")
    guard child.wait() == 0 else { throw TestFailure("the workload failed: \(child.stderr)") }
    return try lines.filter { !$0.contains("\"ready\":true") }.map { try truth(String($0)) }
  }

  private func truth(_ line: String) throws -> Truth {
    var truth = try JSONDecoder().decode(Truth.self, from: Data(line.utf8))
    truth.container = container.name
    return truth
  }
}
