// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import StatusPage

@Suite struct EmbeddedAssetTests {
  @Test(
    "The embedded text is the file without its licence comment",
    arguments: [("status.css", EmbeddedAsset.status_css), ("status.js", EmbeddedAsset.status_js)])
  func embedsFile(name: String, embedded: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Sources/StatusPage/Assets/\(name)").standardized
    let text = try String(contentsOf: file, encoding: .utf8)
    let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    #expect(lines.first?.contains("SPDX-License-Identifier") == true)
    #expect(embedded == String(try #require(lines.last)))
    #expect(embedded.hasSuffix("}\n") || embedded.hasSuffix("})();\n"))
  }
}
