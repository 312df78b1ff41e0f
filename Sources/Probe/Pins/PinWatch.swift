// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LibBPF

/// Notices that pins of a layout are gone: another process has removed them, or unmounted their file system.
///
/// Counting continues, because this process holds all objects. It ends with the process.
package struct PinWatch {
  private struct Mark: Equatable {
    let device: UInt
    let inode: UInt
    let seconds: Int
    let nanoseconds: Int
  }

  private let folder: String
  private let pins: [String]
  private var mark: Mark?
  /// Whether a pin is missing, as of the last check.
  package private(set) var isMissing = false

  /// Watches the pins that a folder has now. `pins` are the paths of all.
  init(folder: String, pins: [String]) {
    self.folder = folder
    self.pins = pins
    mark = Self.mark(of: folder)
  }

  /// Checks that the pins exist. One system call, unless the folder has changed. Needs no permission to read the folder.
  package mutating func check() {
    let now = Self.mark(of: folder)
    guard now == nil || now != mark else { return }
    mark = now
    isMissing = !pins.allSatisfy { unsafe access($0, F_OK) == 0 }
  }

  private static func mark(of folder: String) -> Mark? {
    var status = stat()
    guard unsafe lstat(folder, &status) == 0 else { return nil }
    return Mark(
      device: status.st_dev, inode: status.st_ino, seconds: status.st_mtim.tv_sec,
      nanoseconds: status.st_mtim.tv_nsec)
  }
}

extension KernelCounters {
  /// Begins to watch the pins of these programs.
  package func watch(_ pins: borrowing PinFolder) throws(BPFError) -> PinWatch {
    try pins.watch(loaded.layout)
  }
}
