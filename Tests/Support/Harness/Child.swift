// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A process that ends with the test process. Its stdout can be read line by line; its stderr is written to a file.
///
/// Its own children survive if it is killed: use ``CleanUp``.
package final class Child {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private let log: URL
  private var pending = Data()

  package var pid: Int32 { process.processIdentifier }
  package var isRunning: Bool { process.isRunning }

  /// Everything written to stderr so far.
  package var stderr: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  /// - Parameter outlivesTests: Whether it continues after this process has ended.
  package init(_ program: String, _ arguments: [String], outlivesTests: Bool = false) throws {
    log = FileManager.default.temporaryDirectory.appending(path: "pidns-test-\(UUID().uuidString)")
    _ = FileManager.default.createFile(atPath: log.path(), contents: nil)
    process.executableURL = URL(filePath: outlivesTests ? program : "/usr/bin/setpriv")
    process.arguments = (outlivesTests ? [] : ["--pdeathsig", "KILL", "--", program]) + arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: log)
    // Some tests read the workload's output only at the end.
    let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ, which Swift does not see
    _ = fcntl(output.fileHandleForWriting.fileDescriptor, setPipeSize, 1 << 20)
    let process = process
    try SpawningThread.shared.run { try process.run() }
  }

  deinit {
    if process.isRunning { process.interrupt() }
    if process.isRunning { kill(pid, SIGKILL) }
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: log)
  }

  /// Runs a program, and waits for its end.
  package static func run(_ program: String, _ arguments: [String]) throws -> (
    status: Int32, stdout: String, stderr: String
  ) {
    let child = try Child(program, arguments)
    child.closeInput()
    let output = child.rest()
    let status = child.wait()
    return (status, output, child.stderr)
  }

  package func send(line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }

  package func closeInput() { try? input.fileHandleForWriting.close() }

  /// Returns the next line of stdout; nil at its end.
  package func line() -> String? {
    while true {
      if let end = pending.firstIndex(of: 0x0a) {
        let line = pending[..<end]
        pending = Data(pending[(end + 1)...])
        return String(decoding: line, as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      pending += more
    }
  }

  /// Returns the rest of stdout.
  package func rest() -> String {
    let all = pending + output.fileHandleForReading.readDataToEndOfFile()
    pending = Data()
    return String(decoding: all, as: UTF8.self)
  }

  package func signal(_ number: Int32) { kill(pid, number) }

  /// Returns the exit status, or 128 plus the number of the signal that ended it.
  @discardableResult
  package func wait() -> Int32 {
    process.waitUntilExit()
    let killed = process.terminationReason == .uncaughtSignal
    return process.terminationStatus + (killed ? 128 : 0)
  }
}
