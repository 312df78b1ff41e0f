// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Detects reads of a folder's files (`inotify`).
final class Reads {
  private let descriptor: Int32

  /// inotify is not available: errno.
  struct Failure: Error { let number: Int32 }

  init(of folder: String) throws(Failure) {
    descriptor = inotify_init1(Int32(IN_NONBLOCK))
    guard descriptor >= 0, unsafe inotify_add_watch(descriptor, folder, UInt32(IN_ACCESS)) >= 0 else {
      throw Failure(number: errno)
    }
  }

  deinit { close(descriptor) }

  /// Whether a file was read since the last call.
  func happened() -> Bool {
    var events = [UInt8](repeating: 0, count: 64 * 1024)
    return unsafe Glibc.read(descriptor, &events, events.count) > 0
  }
}
