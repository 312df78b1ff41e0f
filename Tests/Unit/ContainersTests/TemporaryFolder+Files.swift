// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Harness

extension TemporaryFolder {
  var path: String { url.path(percentEncoded: false) }

  /// Makes the folders above a path in this folder, and returns the full path.
  func place(_ relative: String) throws -> String {
    let file = url.appending(path: relative)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    return file.path(percentEncoded: false)
  }

  /// Replaces a file by a new one, as Docker and podman do.
  @discardableResult
  func write(_ content: some DataProtocol, to relative: String) throws -> String {
    let file = try place(relative)
    try Data(content).write(to: URL(filePath: file), options: .atomic)
    return file
  }

  /// Replaces a file by a FIFO without a writer.
  func makeFIFO(_ relative: String) throws {
    let file = try cleared(relative)
    guard unsafe mkfifo(file, 0o600) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  /// Replaces a file by a symbolic link.
  @discardableResult
  func makeLink(_ relative: String, to target: String) throws -> String {
    let file = try cleared(relative)
    try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: target)
    return file
  }

  /// Replaces a file by a folder.
  func replaceWithFolder(_ relative: String) throws {
    try FileManager.default.createDirectory(atPath: cleared(relative), withIntermediateDirectories: false)
  }

  private func cleared(_ relative: String) throws -> String {
    let file = try place(relative)
    try? FileManager.default.removeItem(atPath: file)
    return file
  }

  /// Returns the content of a file recorded on a real machine.
  static func fixture(_ name: String) throws -> Data {
    try Data(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)"))
  }
}
