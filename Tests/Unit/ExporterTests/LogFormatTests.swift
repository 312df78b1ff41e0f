// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Exporter

@Suite struct LogFormatTests {
  private static let hostile = "a \"b\" c=d \\ e\nlevel=error\u{1}\u{7f}é"

  @Test("logfmt quotes only values that need it")
  func logfmt() {
    #expect(
      LogFormat.logfmt.line([("level", "info"), ("msg", "two words"), ("empty", ""), ("path", "/a/b:1")])
        == #"level=info msg="two words" empty="" path=/a/b:1"#)
  }

  @Test("A value cannot end the line or forge a field", arguments: LogFormat.allCases)
  func hostile(format: LogFormat) {
    let line = format.line([("msg", Self.hostile)])
    #expect(!line.contains("\n"))
    #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
    if format == .logfmt { #expect(line.hasPrefix("msg=\"") && line.hasSuffix("\"")) }
  }

  @Test("JSON log lines parse to the logged values")
  func json() throws {
    let line = LogFormat.json.line([("msg", Self.hostile), ("key", "value")])
    let fields = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
    #expect(fields == ["msg": Self.hostile, "key": "value"])
  }
}
