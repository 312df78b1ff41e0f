// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A minimal walk over /proc that finds processes, their states and their threads. A tool without BPF
/// programs cannot do it with less.
enum ProcWalk {
  /// The number of processes and threads found.
  struct Found {
    var processes = 0
    var tasks = 0
    /// The bytes read from `stat` files.
    var bytes = 0
  }

  /// Reads /proc/PID/stat and lists /proc/PID/task of every process. Skips processes that end meanwhile.
  static func walk() throws -> Found {
    var found = Found()
    guard entries(of: "/proc", { count(process: $0, in: &found) }) else {
      throw BenchError("cannot list /proc: errno \(errno)")
    }
    return found
  }

  private static func count(process: String, in found: inout Found) {
    let folder = "/proc/" + process
    guard let bytes = read(folder + "/stat") else { return }
    var tasks = 0
    guard entries(of: folder + "/task", { _ in tasks += 1 }) else { return }
    found.processes += 1
    found.tasks += tasks
    found.bytes += bytes
  }

  private static func read(_ path: String) -> Int? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = close(descriptor) }
    let count = unsafe withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { buffer in
      unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    }
    return count > 0 ? count : nil
  }

  /// Passes the numeric entries of a directory to `body`. Returns false if the directory cannot be read.
  private static func entries(of folder: String, _ body: (String) -> Void) -> Bool {
    guard let directory = unsafe opendir(folder) else { return false }
    defer { _ = unsafe closedir(directory) }
    while let entry = unsafe readdir(directory) {
      let first = unsafe UInt8(bitPattern: entry.pointee.d_name.0)
      guard first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") else { continue }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      body(name)
    }
    return true
  }
}
