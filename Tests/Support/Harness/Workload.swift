// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A run of pidns-workload, which reports the exact number of events in the namespaces that it creates. They are in their own
/// container.
package struct Workload {
  private let child: Child
  package let container: TestContainer

  /// Starts a case.
  package init(_ arguments: String...) throws { try self.init(arguments) }

  /// - Parameter entry: A command in front of the program, such as `nsenter …`.
  package init(_ arguments: [String], entry: [String] = []) throws {
    container = try TestContainer()
    let command = entry + [Built.workload.path()] + arguments
    child = try container.start(command[0], Array(command.dropFirst()))
  }

  /// Runs a case to its end.
  package static func run(_ arguments: String...) throws -> [Truth] {
    try Workload(arguments).finish()
  }

  /// Reads up to the line with `"ready":true`, and returns the namespace in that line, if there is one.
  package func untilReady() throws -> (truths: [Truth], pidns: UInt32?) {
    var truths: [Truth] = []
    while let line = child.line() {
      if let ready = try? JSONDecoder().decode(Ready.self, from: Data(line.utf8)) {
        return (truths, ready.pidns)
      }
      truths.append(try truth(line))
    }
    throw TestFailure("the workload never became ready: \(child.stderr)")
  }

  /// Lets the workload continue.
  package func go() { child.send(line: "more") }

  /// Whether it is running.
  package var isRunning: Bool { child.isRunning }

  /// Closes its input, and reads the remaining lines, without those with `"ready":true`.
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
