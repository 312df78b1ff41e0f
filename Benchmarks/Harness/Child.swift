// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A child process with pipes as stdin and stdout. The kernel kills it when the benchmark ends for any
/// reason.
final class Child {
  let pid: pid_t
  private var input: Int32
  private let output: Int32
  private var hasEnded = false

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - command: The program's path and its arguments.
  ///   - isQuiet: Whether stderr is discarded. Otherwise it is the benchmark's stderr.
  ///   - cpu: The only CPU that the program and its children may use; nil for all.
  init(_ command: [String], isQuiet: Bool = false, cpu: Int? = nil) throws {
    let (inputEnd, input) = try Self.pipe()
    let (output, outputEnd) = try Self.pipe()
    defer {
      _ = close(inputEnd)
      _ = close(outputEnd)
    }
    var actions = unsafe posix_spawn_file_actions_t()
    _ = unsafe posix_spawn_file_actions_init(&actions)
    defer { _ = unsafe posix_spawn_file_actions_destroy(&actions) }
    _ = unsafe posix_spawn_file_actions_adddup2(&actions, inputEnd, STDIN_FILENO)
    _ = unsafe posix_spawn_file_actions_adddup2(&actions, outputEnd, STDOUT_FILENO)
    if isQuiet {
      _ = unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    }

    // posix_spawn cannot set a parent-death signal. setpriv can, and takes a millisecond.
    let setpriv = "/usr/bin/setpriv"
    let pinned = cpu.map { ["/usr/bin/taskset", "--cpu-list", "\($0)"] } ?? []
    let arguments = unsafe ([setpriv, "--pdeathsig", "KILL", "--"] + pinned + command).map {
      unsafe strdup($0)
    }
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let failure = unsafe posix_spawn(&pid, setpriv, &actions, nil, arguments + [nil], [nil])
    guard failure == 0 else {
      throw BenchError("cannot start \(setpriv): \(unsafe String(cString: strerror(failure)))")
    }
    self.pid = pid
    self.input = input
    self.output = output
  }

  deinit {
    if !hasEnded { end(by: SIGKILL) }
    closeInput()
    _ = close(output)
  }

  /// Writes a line to its stdin.
  func send(line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(input, $0.baseAddress, $0.count) }
  }

  func closeInput() {
    if input >= 0 { _ = close(input) }
    input = -1
  }

  /// Reads stdout up to a line, or to its end. Discards everything else.
  ///
  /// - Returns: Whether the line was found.
  @discardableResult
  func skip(to line: String?) -> Bool {
    let wanted = (line ?? "").utf8.map { $0 } + [UInt8(ascii: "\n")]
    var tail: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe piece.withUnsafeMutableBytes { unsafe read(output, $0.baseAddress, $0.count) }
      if count <= 0 { return false }
      tail = (tail + piece[..<count]).suffix(wanted.count)
      // The expected line is the last one: the program writes nothing more before its next input.
      if line != nil && tail == wanted { return true }
    }
  }

  /// Runs a program to its end. Returns its stdout; throws if its exit code is not 0.
  static func output(of command: [String]) throws -> String {
    let child = try Child(command, isQuiet: true)
    child.closeInput()
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe piece.withUnsafeMutableBytes { unsafe read(child.output, $0.baseAddress, $0.count) }
      if count <= 0 { break }
      bytes += piece[..<count]
    }
    let status = child.wait()
    guard status == 0 else {
      throw BenchError("\(command.joined(separator: " ")) failed: exit code \(status)")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Sends a signal and waits until the process ends.
  func end(by signal: Int32) {
    _ = kill(pid, signal)
    wait()
  }

  /// Waits until the process ends. Returns the exit code, or 128 plus the number of the signal that ended it.
  @discardableResult
  func wait() -> Int32 {
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    hasEnded = true
    let signal = status & 0x7f
    return signal == 0 ? status >> 8 & 0xff : 128 + signal
  }

  private static func pipe() throws -> (read: Int32, write: Int32) {
    var ends: (Int32, Int32) = (-1, -1)
    let result = unsafe withUnsafeMutableBytes(of: &ends) { bytes in
      unsafe Glibc.pipe(bytes.assumingMemoryBound(to: Int32.self).baseAddress.unsafelyUnwrapped)
    }
    guard result == 0, fcntl(ends.0, F_SETFD, FD_CLOEXEC) == 0, fcntl(ends.1, F_SETFD, FD_CLOEXEC) == 0 else {
      throw BenchError("cannot create a pipe: errno \(errno)")
    }
    return ends
  }
}
