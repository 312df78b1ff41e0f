// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder of this process, for code that reads files by their paths.
enum Files {
  /// Empty at the first use. In `TMPDIR`, which run.sh removes: libFuzzer ends the process without a word. The tests remove it themselves.
  static let folder: String = {
    let parent = FileManager.default.temporaryDirectory.path()
    let folder = "\(parent)/pidns-fuzz.\(ProcessInfo.processInfo.processIdentifier)"
    try? FileManager.default.removeItem(atPath: folder)
    return folder
  }()

  /// Writes a file, and the folders that it needs.
  ///
  /// - Returns: Its path.
  static func write(_ bytes: [UInt8], to name: String) -> String {
    let path = "\(folder)/\(name)"
    let url = URL(filePath: path)
    do {
      if !FileManager.default.fileExists(atPath: url.deletingLastPathComponent().path()) {
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      }
      try Data(bytes).write(to: url)
    } catch {
      fatalError("cannot write \(path): \(error)")
    }
    return path
  }
}
