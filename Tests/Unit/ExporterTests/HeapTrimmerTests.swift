// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Exporter

@Suite struct HeapTrimmerTests {
  @Test("The heap is trimmed once after each fall by 64 connections, and not while they come and go")
  func falls() {
    var trimmer = HeapTrimmer()
    var trims: [Int] = []
    for connections in [0, 63, 0, 40, 63, 0, 64, 1, 0, 500, 437, 436, 436, 400, 0, 0] {
      trimmer.update(connections: connections) { trims.append(connections) }
    }
    #expect(trims == [0, 436, 0])
  }
}
