// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Notices when the files of a folder are read (`inotify`).
final class Reads {
  private let descriptor: Int32

  /// It cannot be noticed: errno.
  struct Failure: Error { let number: Int32 }

  init(of folder: String) throws(Failure) {
    descriptor = inotify_init1(Int32(IN_NONBLOCK))
    guard descriptor >= 0, unsafe inotify_add_watch(descriptor, folder, UInt32(IN_ACCESS)) >= 0 else {
      throw Failure(number: errno)
    }
  }

  deinit { close(descriptor) }

  /// Whether one was read since this was last asked.
  func happened() -> Bool {
    var events = [UInt8](repeating: 0, count: 64 * 1024)
    return unsafe Glibc.read(descriptor, &events, events.count) > 0
  }
}
