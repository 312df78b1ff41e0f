// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Glibc

/// A folder that is removed with its last reference, with its content and the mounts
/// below it: a killed runtime leaves mounts behind.
package final class TemporaryFolder {
  package let url: URL

  package init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "pidns-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit {
    for mount in Mount.all().reversed() where mount.point.hasPrefix(url.path() + "/") {
      _ = unsafe umount2(mount.point, Int32(MNT_DETACH))
    }
    try? FileManager.default.removeItem(at: url)
  }

  /// The path of an existing or future file in the folder.
  package subscript(name: String) -> String { url.appending(path: name).path() }

  /// Makes a folder in the folder, and returns its path.
  @discardableResult
  package func makeFolder(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: self[name], withIntermediateDirectories: true)
    return self[name]
  }

  /// Writes a file, and returns its path.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: self[name], atomically: false, encoding: .utf8)
    return self[name]
  }

  /// Copies a file into the folder.
  package func copy(_ file: URL, to name: String) throws {
    try FileManager.default.copyItem(at: file, to: url.appending(path: name))
  }
}

/// A mount that this process sees.
struct Mount {
  let point: String
  let type: Substring

  /// Returns all mounts, in the order of mounting: proc(5), mountinfo. Points with spaces, which are escaped,
  /// are not those of tests.
  static func all() -> [Mount] {
    let text = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 1, fields.count > 4 else {
        return nil
      }
      return Mount(point: String(fields[4]), type: fields[dash + 1])
    }
  }
}
