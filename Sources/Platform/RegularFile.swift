// SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open file that others write: configuration and state of other programs.
///
/// Owns the descriptor, and closes it when it goes.
package struct RegularFile: ~Copyable {
  /// Tells one state of a file from another, without reading it.
  ///
  /// A file that is replaced by a new one has another inode; one that is written in place, another time.
  package struct Version: Equatable, Sendable {
    fileprivate let device: UInt64
    fileprivate let inode: UInt64
    fileprivate let size: Int64
    /// Of the content and of the inode, in nanoseconds since the epoch.
    fileprivate let modified: Int
    fileprivate let changed: Int
  }

  /// The state that the file was in when it was opened.
  package let version: Version
  private let descriptor: Int32

  /// Opens a file to be read; nil where there is none, where it may not be read, and where it is of another kind.
  ///
  /// A symbolic link is of another kind, unless it is to be followed; the folders around the file may be some.
  /// Never waits, as opening a FIFO without a writer would. Two system calls.
  package init?(opening path: String, followingLink: Bool = false) {
    // open() would take a path up to its first zero byte.
    guard !path.utf8.contains(0) else { return nil }
    let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (followingLink ? 0 : O_NOFOLLOW)
    let descriptor = unsafe open(path, flags)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      _ = close(descriptor)
      return nil
    }
    self.descriptor = descriptor
    version = Version(
      device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
      modified: Self.nanoseconds(status.st_mtim), changed: Self.nanoseconds(status.st_ctim))
  }

  deinit { _ = close(descriptor) }

  /// Answers the file's bytes; nil where there are more than so many, where they cannot be read, and where the
  /// file is not as long as it was when it was opened: then somebody is writing it.
  package consuming func read(upTo limit: Int) -> [UInt8]? {
    guard version.size <= limit else { return nil }
    let size = Int(version.size)
    var failed = false
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, filled in
      while filled < buffer.count {
        let rest = unsafe UnsafeMutableBufferPointer(rebasing: buffer[filled...])
        let count = unsafe Glibc.read(descriptor, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        failed = count < 0
        if count <= 0 { break }
        filled += count
      }
    }
    return failed || bytes.count != size ? nil : bytes
  }

  private static func nanoseconds(_ time: timespec) -> Int { time.tv_sec &* 1_000_000_000 &+ time.tv_nsec }
}
