// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open file that other programs write, such as their configuration or state.
///
/// Owns the descriptor and closes it.
package struct RegularFile: ~Copyable {
  /// Identifies a state of a file without reading its content.
  ///
  /// A replaced file has another inode. A file that is written in place has another modification time.
  package struct Version: Equatable, Sendable {
    fileprivate let device: UInt64
    fileprivate let inode: UInt64
    fileprivate let size: Int64
    /// The modification and change times, in nanoseconds since the epoch.
    fileprivate let modified: Int
    fileprivate let changed: Int
  }

  /// The state of the file when it was opened.
  package let version: Version
  private let descriptor: Int32

  /// Why a file is not read.
  package enum Problem: Error, Equatable, CustomStringConvertible {
    case errno(Int32)
    case notRegular
    case longerThan(Int)
    /// Another program is writing it.
    case changing

    /// The reason, in a few words.
    package var description: String {
      switch self {
      case .errno(let number): Errno.text(number)
      case .notRegular: "it is not a regular file"
      case .longerThan(let limit): "it has more than \(limit) bytes"
      case .changing: "another program is writing it"
      }
    }
  }

  /// Opens a file for reading.
  ///
  /// Never blocks, for example on a FIFO without a writer. Costs two system calls.
  ///
  /// - Parameter followingLink: Whether the path may be a symbolic link. Its parent directories always may.
  /// - Throws: `Problem` if it does not exist, cannot be opened, or is not a regular file.
  package init(_ path: String, followingLink: Bool = false) throws(Problem) {
    // open(2) would use the path up to its first zero byte.
    guard !path.utf8.contains(0) else { throw .errno(ENOENT) }
    let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (followingLink ? 0 : O_NOFOLLOW)
    let descriptor = unsafe open(path, flags)
    guard descriptor >= 0 else { throw .errno(errno) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      _ = close(descriptor)
      throw .notRegular
    }
    self.descriptor = descriptor
    version = Version(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
      modified: Self.nanoseconds(status.st_mtim), changed: Self.nanoseconds(status.st_ctim))
  }

  /// As ``init(_:followingLink:)``; nil for any problem.
  package init?(opening path: String, followingLink: Bool = false) {
    do throws(Problem) { try self.init(path, followingLink: followingLink) } catch { return nil }
  }

  deinit { _ = close(descriptor) }

  /// Returns the file's bytes; nil for any problem: ``bytes(upTo:)``.
  package consuming func read(upTo limit: Int) -> [UInt8]? { try? bytes(upTo: limit) }

  /// Returns the file's bytes.
  ///
  /// - Throws: `Problem` if it is longer than `limit` bytes or cannot be read, and if its length has changed since it was opened.
  package consuming func bytes(upTo limit: Int) throws(Problem) -> [UInt8] {
    guard version.size <= limit else { throw .longerThan(limit) }
    let size = Int(version.size)
    var failure: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, filled in
      while filled < buffer.count {
        let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[filled...])
        let count = unsafe Glibc.read(descriptor, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { failure = errno }
        if count <= 0 { break }
        filled += count
      }
    }
    if failure != 0 { throw .errno(failure) }
    guard bytes.count == size else { throw .changing }
    return bytes
  }

  private static func nanoseconds(_ time: timespec) -> Int { time.tv_sec &* 1_000_000_000 &+ time.tv_nsec }
}
