// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Confinement

@Suite struct CapabilitiesTests {
  @Test("Names are those of capabilities(7), in upper or lower case")
  func names() {
    #expect(Capabilities(name: "CAP_BPF") == .bpf)
    #expect(Capabilities(name: "cap_dac_read_search") == .readSearch)
    #expect(Capabilities(name: "CAP_CHOWN")?.rawValue == 1)
    #expect(Capabilities(name: "CAP_CHECKPOINT_RESTORE")?.rawValue == 1 << 40)
    for text in ["", "BPF", "CAP_", "CAP_NONE", "CAP_BPF ", "39"] { #expect(Capabilities(name: text) == nil) }
  }

  @Test("A set has the names of its capabilities, and numbers for those of later kernels")
  func list() {
    #expect(Capabilities([.bpf, .readSearch]).names == ["CAP_DAC_READ_SEARCH", "CAP_BPF"])
    #expect(Capabilities(rawValue: 1 << 41).names == ["41"])
    #expect(Capabilities([]).names == [])
  }

  @Test("A missing folder is replaced by the next one above it, but never by the root")
  func paths() {
    var needs = Confinement.Needs()
    let before = Set(Confinement.readablePaths(needs))
    needs.folders = ["/usr/nothing/at/all", "/nothing/at/all"]
    #expect(Set(Confinement.readablePaths(needs)) == before)
    needs.folders = ["/var/nothing/at/all"]
    #expect(Set(Confinement.readablePaths(needs)).subtracting(before) == ["/var"])
    needs.folders = []
    needs.files = ["/var/nothing", "/nothing"]
    #expect(Set(Confinement.readablePaths(needs)).subtracting(before) == ["/var", "/nothing"])
  }

  @Test("Files for resolving names can be read only if names are resolved")
  func resolver() {
    var needs = Confinement.Needs()
    needs.requests = .port(443, resolvesNames: false)
    #expect(!Confinement.readablePaths(needs).contains("/etc"))
    needs.requests = .port(443, resolvesNames: true)
    #expect(Confinement.readablePaths(needs).contains("/etc"))
  }
}
