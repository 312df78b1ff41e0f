// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// Removes the cgroups above a test's containers: a runtime makes them, but removes no more than the
/// container's own.
///
/// Works on every hierarchy that is mounted, of v1 and of v2. What was there before stays, and what is above
/// containers of another runtime of the tests goes with the last of them.
final class CgroupParents {
  /// What was not there before the tests.
  private static let made = Mutex<Set<String>>([])

  private var seen: Set<String> = []
  /// The parents first.
  private var watched: [String] = []

  /// Takes note of what is not there above a cgroup, before somebody makes it.
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

  /// A process that has ended may need a moment to leave its cgroup.
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
