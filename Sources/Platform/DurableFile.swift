// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file that is replaced as a whole, so that a reader finds the old or the new content, also after a crash.
///
/// Keeps its folder open, so it needs no path after it was opened.
package struct DurableFile: ~Copyable, Sendable {
  /// The folder, which nobody else can write in.
  package let folder: PrivateFolder
  private let name: String
  private let lock: Lock

  /// A file beside it that is locked, as the file itself is replaced. It stays. Closing it ends the lock.
  private final class Lock: Sendable {
    private let descriptor: Int32

    init(_ name: String, in folder: Int32) throws(PrivateFolder.Problem) {
      descriptor = unsafe openat(
        folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
      if descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK { throw .inUse }
    }

    deinit { if descriptor >= 0 { _ = close(descriptor) } }
  }

  /// The path, as it was given.
  package var path: String { "\(folder.path)/\(name)" }

  /// Opens the folder of a file, and locks the file: one process at a time has it. The file need not exist.
  ///
  /// A folder in which this process cannot write is no error: then the file cannot be replaced, and so needs no lock.
  package init(_ path: String) throws(PrivateFolder.Problem) {
    let slash = path.lastIndex(of: "/")
    let name = String(path[(slash.map { path.index(after: $0) } ?? path.startIndex)...])
    guard !name.isEmpty, name != ".", name != ".." else { throw .errno(EISDIR) }
    let folder = try PrivateFolder(
      opening: slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".")
    lock = try Lock(name + ".lock", in: folder.descriptor)
    self.name = name
    self.folder = folder
  }

  /// Returns the file's bytes; nil if it does not exist.
  ///
  /// - Throws: `Failure` if it cannot be read, is not a regular file, or is longer than `limit`.
  package func read(upTo limit: Int) throws(Failure) -> [UInt8]? {
    guard unsafe faccessat(folder.descriptor, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 else {
      if errno == ENOENT { return nil }
      throw Failure("read", errno)
    }
    do throws(RegularFile.Problem) {
      return try RegularFile(path).bytes(upTo: limit)
    } catch {
      throw Failure("read", error.description)
    }
  }

  /// Replaces the content: a new file, synchronized, takes the place of the old one.
  package func replace(with bytes: [UInt8]) throws(Failure) {
    let draft = name + ".new"
    // The filter of system calls knows these flags: SystemCallTable.state.
    let descriptor = unsafe openat(
      folder.descriptor, draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Failure("write", errno) }
    let failure = Self.write(bytes, to: descriptor)
    _ = close(descriptor)
    if failure != 0 { throw Failure("write", failure) }
    guard unsafe renameat(folder.descriptor, draft, folder.descriptor, name) == 0,
      fsync(folder.descriptor) == 0
    else { throw Failure("replace", errno) }
  }

  /// Renames the file to `NAME.broken`, in place of an earlier one.
  package func setAside() throws(Failure) {
    guard unsafe renameat(folder.descriptor, name, folder.descriptor, name + ".broken") == 0 else {
      throw Failure("rename", errno)
    }
  }

  /// Returns an errno; 0 for none.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes[offset...].withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return count < 0 ? errno : ENOSPC }
      offset += count
    }
    return fsync(descriptor) == 0 ? 0 : errno
  }

  /// An operation on the file that failed.
  package struct Failure: Error, Sendable, CustomStringConvertible {
    private let operation: String
    private let reason: String

    /// The file system has not answered to a write for too long.
    package static var noAnswer: Failure { Failure("write", "the file system does not answer") }

    init(_ operation: String, _ number: Int32) { self.init(operation, Errno.text(number)) }

    init(_ operation: String, _ reason: String) {
      self.operation = operation
      self.reason = reason
    }

    /// The operation and the reason, in one line.
    package var description: String { "cannot \(operation) the file: \(reason)" }
  }
}
