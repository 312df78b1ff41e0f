// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is shipped, and looked at here.
enum Repository {
  static let dashboards = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "../../../dashboards"
  )
  .standardized

  /// The files of recording rules and alerts.
  static var rules: [URL] {
    get throws {
      try FileManager.default.contentsOfDirectory(
        at: dashboards, includingPropertiesForKeys: nil
      ).filter { $0.lastPathComponent.hasSuffix(".rules.yml") }.sorted { $0.path() < $1.path() }
    }
  }
}
