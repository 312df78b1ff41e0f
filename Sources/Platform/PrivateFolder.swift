// SPDX-License-Identifier: Apache-2.0

import CGlibc
import Glibc

/// An open folder that nobody but root and this user can write in.
///
/// Owns the descriptor and closes it.
package struct PrivateFolder: ~Copyable, Sendable {
  /// Why a folder is not to be used.
  package enum Problem: Error, Equatable, CustomStringConvertible {
    case errno(Int32)
    case notAFolder
    case foreign(UInt32)
    case writableByOthers
    /// Another process has locked the file in it: ``DurableFile``.
    case inUse

    /// The reason, to be put behind the path.
    package var description: String {
      switch self {
      case .errno(let number): "cannot be opened: \(Errno.text(number))"
      case .notAFolder: "is not a folder"
      case .foreign(let user): "belongs to user \(user)"
      case .writableByOthers: "can be written by others than its owner"
      case .inUse: "has the file of another process"
      }
    }

    /// What to do about it.
    package var advice: String {
      switch self {
      case .errno, .notAFolder: "give a folder that this user can write in"
      case .foreign: "remove it, or give it to root or to this user"
      case .writableByOthers: "remove it, or run chmod go-w"
      case .inUse: "stop that one first, or use another file"
      }
    }
  }

  /// As it was given.
  package let path: String
  package let descriptor: Int32

  /// Opens a folder. A symbolic link is none.
  package init(opening path: String) throws(Problem) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw errno == ENOTDIR || errno == ELOOP ? Problem.notAFolder : Problem.errno(errno)
    }
    if let problem = Self.problem(of: descriptor) {
      _ = close(descriptor)
      throw problem
    }
    self.path = path
    self.descriptor = descriptor
  }

  deinit { _ = close(descriptor) }

  private static func problem(of descriptor: Int32) -> Problem? {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return .errno(errno) }
    guard status.st_uid == 0 || status.st_uid == geteuid() else { return .foreign(status.st_uid) }
    return status.st_mode & 0o022 == 0 ? nil : .writableByOthers
  }

  /// Whether it is in a BPF file system.
  package var isInBPFFileSystem: Bool {
    var status = statfs()
    let magic = 0xCAFE_4A11
    return unsafe fstatfs(descriptor, &status) == 0 && Int(status.f_type) & 0xFFFF_FFFF == magic
  }

  /// Takes the lock of the folder, which is held as long as it is open. Returns false if another process has it.
  package func lock() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

  /// The names of all entries, sorted.
  package func entries() -> [String] {
    // Of its own, as the stream moves in it and closes it.
    let copy = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = unsafe fdopendir(copy) else { return [] }
    defer { _ = unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
