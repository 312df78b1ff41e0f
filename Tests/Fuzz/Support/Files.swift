// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A folder of this process, for code that reads files by their paths. In memory, if `/dev/shm` is there.
enum Files {
  /// Empty at the first use. Left behind when the process ends: libFuzzer ends it without a word.
  static let folder: String = {
    let memory = "/dev/shm"
    let parent =
      FileManager.default.isWritableFile(atPath: memory)
      ? memory : FileManager.default.temporaryDirectory.path()
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
