// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// Removes the cgroups above a test's containers: a runtime creates them, but removes only the
/// container's own.
///
/// Works on each mounted hierarchy, v1 and v2. Cgroups that existed before stay. Those that are shared with another
/// runtime of the tests are removed with the last one.
final class CgroupParents {
  /// The cgroups that did not exist before the tests.
  private static let made = Mutex<Set<String>>([])

  private var seen: Set<String> = []
  /// Parents first.
  private var watched: [String] = []

  /// Records the missing cgroups above a path, before a runtime creates them.
  func watch(above path: String) {
    let parts = path.split(separator: "/").dropLast().map(String.init)
    guard seen.insert(parts.joined(separator: "/")).inserted else { return }
    for mount in Mount.all() where mount.type == "cgroup" || mount.type == "cgroup2" {
      var folder = mount.point
      for part in parts {
        folder += "/" + part
        watched.append(folder)
        if !FileManager.default.fileExists(atPath: folder) {
          Self.made.withLock { _ = $0.insert(folder) }
        }
      }
    }
  }

  /// A process may leave its cgroup some time after its exit.
  deinit {
    let deadline = ContinuousClock.now + .seconds(5)
    for folder in watched.reversed() where Self.made.withLock({ $0.contains(folder) }) {
      while unsafe rmdir(folder) != 0, errno == EBUSY, !hasChildren(folder), ContinuousClock.now < deadline {
        usleep(20_000)
      }
    }
  }

  private func hasChildren(_ folder: String) -> Bool {
    let entries = FileManager.default.enumerator(
      at: URL(filePath: folder), includingPropertiesForKeys: [.isDirectoryKey],
      options: .skipsSubdirectoryDescendants)
    return entries?.contains { ($0 as? URL)?.hasDirectoryPath == true } ?? false
  }
}
