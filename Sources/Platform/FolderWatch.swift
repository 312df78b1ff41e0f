// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Notices changes in folders: inotify(7).
///
/// Owns its descriptor. Local file systems only: the kernel does not see what another machine does to a shared one.
package struct FolderWatch: ~Copyable {
  /// A change in a folder.
  package struct Changes: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// An entry was made in the folder, or moved into it.
    package static let appears = Changes(rawValue: UInt32(IN_CREATE | IN_MOVED_TO))
    /// A file was closed after it had been open for writing, or replaced by another one.
    package static let isWritten = Changes(rawValue: UInt32(IN_CLOSE_WRITE | IN_MOVED_TO))
    /// An entry was deleted from the folder, or moved out of it.
    package static let disappears = Changes(rawValue: UInt32(IN_DELETE | IN_MOVED_FROM))
  }

  /// Something that was noticed.
  package enum Event: Sendable, Equatable {
    /// An entry of a folder has changed.
    case changed(folder: Int32, entry: String, Changes)
    /// The folder no longer exists, or is not watched any more.
    case gone(folder: Int32)
    /// The kernel had no room for all that has happened (fs.inotify.max_queued_events).
    case overflow
  }

  /// Readable when there are events.
  package let descriptor: Int32

  /// Notices nothing yet; nil where the user has too many (fs.inotify.max_user_instances), or the process too many descriptors.
  package init?() {
    descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { return nil }
  }

  deinit { _ = close(descriptor) }

  /// Watches a folder, also when it is moved.
  ///
  /// - Returns: Its number in the events: the same one for the same folder, as long as it exists. nil where there is
  ///   none, where it may not be read, and where the user watches too many (fs.inotify.max_user_watches).
  package func add(_ path: String, for changes: Changes, followingLink: Bool = true) -> Int32? {
    guard !path.utf8.contains(0) else { return nil }
    let mask = changes.rawValue | UInt32(IN_ONLYDIR) | (followingLink ? 0 : UInt32(IN_DONT_FOLLOW))
    let number = unsafe inotify_add_watch(descriptor, path, mask)
    return number >= 0 ? number : nil
  }

  /// Stops watching a folder. `gone` follows.
  package func remove(_ number: Int32) { _ = inotify_rm_watch(descriptor, number) }

  /// Returns what has happened, in order, at most 64 KiB of it; never waits.
  package func read() -> [Event] {
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, filled in
      filled = unsafe max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
    }
    var events: [Event] = []
    var rest = bytes[...]
    // struct inotify_event: wd, mask, cookie, len, and a name of `len` bytes that ends with zeros.
    while rest.count >= 16 {
      let field = { (index: Int) in
        rest.dropFirst(4 * index).prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      }
      let (folder, mask, length) = (Int32(bitPattern: field(0)), field(1), Int(field(3)))
      let name = rest.dropFirst(16).prefix(length).prefix { $0 != 0 }
      if mask & UInt32(IN_Q_OVERFLOW) != 0 {
        events.append(.overflow)
      } else if mask & UInt32(IN_IGNORED) != 0 {
        events.append(.gone(folder: folder))
      } else if !name.isEmpty {
        events.append(
          .changed(folder: folder, entry: String(decoding: name, as: UTF8.self), Changes(rawValue: mask)))
      }
      rest = rest.dropFirst(16 + length)
    }
    return events
  }
}
