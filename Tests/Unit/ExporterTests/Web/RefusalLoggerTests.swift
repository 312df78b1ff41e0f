// SPDX-License-Identifier: Apache-2.0

import Logging
import MetricsHTTP
import Testing

@testable import Exporter

@Suite struct RefusalLoggerTests {
  @Test("Each reason has a message of its own, its name as in the metric, and the number of refusals")
  func reasons() throws {
    let lines = LogLines()
    let refusals = RefusalLogger(logger: Logger(label: "") { _ in LogLines.Handler(lines: lines) })
    for (index, reason) in HTTPServer.RefusalReason.allCases.enumerated() {
      refusals.log(reason, UInt64(index) + 7)
      let line = try #require(lines.all.last)
      #expect(lines.all.count == index + 1)
      #expect(line.hasSuffix(" count=\(index + 7) reason=\(reason.rawValue)"))
      #expect(line.contains("see pidns_http_refused_total"))
    }
    let messages = Set(lines.all.map { $0.prefix { $0 != ";" } })
    #expect(messages.count == HTTPServer.RefusalReason.allCases.count)
  }
}
