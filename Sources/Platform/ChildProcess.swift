// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// Runs a program without a shell and collects its output.
package enum ChildProcess {
  /// The way a program ended.
  package enum End: Sendable, Equatable {
    case exit(code: Int32)
    case signal(Int32)
    /// The program exceeded its time or its output, or the caller was cancelled. Its process group was
    /// killed.
    case timeout, tooMuchOutput, cancelled
    /// The program could not be started.
    case failure(errno: Int32)
  }

  /// The end of a program and its output.
  package struct Result: Sendable {
    /// The way it ended.
    package var end: End
    /// Its stdout.
    package var output: [UInt8] = []
    /// The beginning of its stderr.
    package var errors: [UInt8] = []
  }

  private static let errorLimit = 4 << 10

  /// Runs a program and blocks until it ends. It has an empty stdin and inherits no other descriptor and no
  /// ambient capability.
  ///
  /// - Parameters:
  ///   - path: A path with a slash. `PATH` is not searched.
  ///   - arguments: The arguments without the program's name.
  ///   - environment: The variables, each as `NAME=value`.
  ///   - deadline: The time at which the program is killed.
  ///   - outputLimit: The longest stdout, in bytes. A longer one ends the program.
  ///   - cancellation: Kills the program when it is cancelled.
  package static func run(
    _ path: String, arguments: [String], environment: [String], until deadline: ContinuousClock.Instant,
    outputLimit: Int, cancellation: CancellationToken
  ) -> Result {
    _ = shim_clear_ambient_capabilities()
    var ends: (output: [Int32], errors: [Int32]) = ([-1, -1], [-1, -1])
    guard unsafe pipe2(&ends.output, O_CLOEXEC) == 0 else { return Result(end: .failure(errno: errno)) }
    guard unsafe pipe2(&ends.errors, O_CLOEXEC) == 0 else {
      let error = errno
      for end in ends.output { _ = close(end) }
      return Result(end: .failure(errno: error))
    }
    var pid: pid_t = 0
    let error = spawn(
      &pid, path, [path] + arguments, environment, output: ends.output[1], errors: ends.errors[1])
    _ = close(ends.output[1])
    _ = close(ends.errors[1])
    var result = Result(end: .failure(errno: error))
    if error == 0 {
      let stopped = collect(
        &result, ends.output[0], ends.errors[0], until: deadline, outputLimit, cancellation)
      if stopped != nil { _ = kill(-pid, SIGKILL) }
      var status: Int32 = 0
      while unsafe waitpid(pid, &status, 0) < 0 && errno == EINTR {}
      result.end = stopped ?? (status & 0x7f == 0 ? .exit(code: status >> 8 & 0xff) : .signal(status & 0x7f))
    }
    _ = close(ends.output[0])
    _ = close(ends.errors[0])
    return result
  }

  private static func spawn(
    _ pid: inout pid_t, _ path: String, _ arguments: [String], _ environment: [String], output: Int32,
    errors: Int32
  ) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    var signals = sigset_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
    unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
    // No signal is blocked or ignored in the child. It gets its own process group, so that its children are
    // killed with it.
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETPGROUP)
    unsafe posix_spawnattr_setflags(&attributes, flags)

    let argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
    let envp = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer { unsafe (argv + envp).forEach { unsafe free($0) } }
    return unsafe posix_spawn(&pid, path, &actions, &attributes, argv, envp)
  }

  /// Reads until both pipes are closed.
  ///
  /// - Returns: The reason if reading stopped earlier, otherwise nil.
  private static func collect(
    _ result: inout Result, _ output: Int32, _ errors: Int32, until deadline: ContinuousClock.Instant,
    _ outputLimit: Int, _ cancellation: CancellationToken
  ) -> End? {
    var open = (output: true, errors: true)
    while open.output || open.errors {
      if cancellation.isCancelled { return .cancelled }
      let ready = DescriptorPoller.wait(
        for: [
          (open.output ? output : -1, .readable), (open.errors ? errors : -1, .readable),
          (cancellation.descriptor, .readable),
        ], until: deadline)
      if !ready.contains(true) { return .timeout }
      if ready[0] {
        let bytes = read(output)
        open.output = !bytes.isEmpty
        result.output += bytes
        if result.output.count > outputLimit { return .tooMuchOutput }
      }
      if ready[1] {
        let bytes = read(errors)
        open.errors = !bytes.isEmpty
        result.errors += bytes.prefix(errorLimit - result.errors.count)
      }
      // Children of the program may keep the pipes open forever.
      if deadline <= .now { return .timeout }
    }
    return nil
  }

  private static func read(_ descriptor: Int32) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
      var result = 0
      repeat {
        result = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      } while result < 0
        && errno == EINTR
      count = max(0, result)
    }
  }
}
