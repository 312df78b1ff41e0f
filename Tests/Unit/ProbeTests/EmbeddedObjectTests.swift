// SPDX-License-Identifier: Apache-2.0

import LibBPF
import Testing

@testable import Probe

@Suite struct EmbeddedObjectTests {
  @Test("The embedded object is an ELF file for BPF")
  func embedded() {
    let bytes = Base64.decode(EmbeddedObject.counters)
    #expect(bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]))
    #expect(bytes[18] == 247)
  }
}
