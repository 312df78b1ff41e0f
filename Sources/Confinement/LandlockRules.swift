// SPDX-License-Identifier: Apache-2.0

import CConfinement
import Glibc

/// Restricts which files and ports the calling thread, and those that it starts later, can open: Landlock.
///
/// Files are only read, and none is written, made, removed or executed but in folders that are named for that. Descriptors
/// that are open already stay usable.
enum LandlockRules {
  // Rights of include/uapi/linux/landlock.h.
  private static let writeFile: UInt64 = 1 << 1
  private static let readFile: UInt64 = 1 << 2
  private static let readFolder: UInt64 = 1 << 3
  private static let removeFile: UInt64 = 1 << 5
  private static let makeFile: UInt64 = 1 << 8
  private static let truncate: UInt64 = 1 << 14
  /// O_PATH of <fcntl.h>, under _GNU_SOURCE.
  private static let openPath: Int32 = 0o10000000
  private static let bind: UInt64 = 1 << 0
  private static let connect: UInt64 = 1 << 1

  /// The rights that each version of the ABI adds: the first thirteen, moves between folders, truncation, ioctl on
  /// devices. A right that is handled and not granted is denied.
  private static func handledFiles(_ version: Int32) -> UInt64 {
    var rights: UInt64 = 1 << 13 - 1
    if version >= 2 { rights |= 1 << 13 }
    if version >= 3 { rights |= 1 << 14 }
    if version >= 5 { rights |= 1 << 15 }
    return rights
  }

  /// Applies the rules.
  ///
  /// - Parameters:
  ///   - paths: Files, and folders with their contents. A missing one is skipped.
  ///   - folders: Folders from which files can be removed.
  ///   - written: A folder in which files are made and replaced.
  ///   - ports: The TCP ports to connect to; nil for all. Never listens on one.
  /// - Returns: The version of the kernel's ABI; nil if the kernel has no Landlock, or another program forbids it.
  /// - Throws: `ConfinementError` if the kernel refuses.
  static func apply(
    reading paths: [String], removingIn folders: [String], writingIn written: String?, ports: Set<UInt16>?
  ) throws(ConfinementError) -> Int32? {
    let version = CConfinement_landlock_version()
    guard version > 0 else { return nil }
    var rules = CConfinement_Ruleset()
    rules.handled_access_fs = handledFiles(version)
    // Earlier kernels have shorter structures. They refuse a longer one if its further fields are not 0.
    if version >= 4 { rules.handled_access_net = bind | (ports == nil ? 0 : connect) }
    // No signals to other processes, and no connection to their abstract unix sockets.
    if version >= 6 { rules.scoped = 3 }
    let ruleset = unsafe CConfinement_landlock_create(&rules, MemoryLayout<CConfinement_Ruleset>.size)
    try check("create Landlock rules", ruleset)
    defer { _ = close(ruleset) }
    for path in paths { try allow(readFile | readFolder, path, ruleset) }
    for folder in folders { try allow(removeFile, folder, ruleset) }
    if let written {
      let rights = writeFile | makeFile | removeFile | truncate
      try allow(rights & rules.handled_access_fs, written, ruleset)
    }
    if version >= 4 {
      for port in ports ?? [] {
        try check("add a Landlock rule", CConfinement_landlock_allow_port(ruleset, connect, UInt64(port)))
      }
    }
    try check("apply Landlock rules", CConfinement_landlock_restrict(ruleset))
    return version
  }

  private static func allow(_ rights: UInt64, _ path: String, _ ruleset: Int32) throws(ConfinementError) {
    let descriptor = unsafe open(path, openPath | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    // The others are for folders only.
    let applicable = isFolder ? rights : rights & readFile
    try check("add a Landlock rule", CConfinement_landlock_allow_path(ruleset, applicable, descriptor))
  }
}
