// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Shipped files of the repository that tests use.
package enum Repository {
  package static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../..").standardized
  /// The folder of dashboards, alerts and recording rules.
  package static let dashboards = root.appending(path: "dashboards")

  /// The files of recording rules and alerts.
  package static var rules: [URL] {
    get throws {
      try FileManager.default.contentsOfDirectory(
        at: dashboards, includingPropertiesForKeys: nil
      ).filter { $0.lastPathComponent.hasSuffix(".rules.yml") }.sorted { $0.path() < $1.path() }
    }
  }
}
