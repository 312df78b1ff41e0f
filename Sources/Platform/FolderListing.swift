// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The content of a folder.
package enum FolderListing {
  /// Returns the names of the entries, in no order; nil if the folder cannot be read.
  ///
  /// Names with invalid UTF-8 are repaired, so they name no entry any more.
  package static func entries(_ path: String) -> [String]? {
    guard !path.utf8.contains(0), let folder = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }
}
