// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Exporter

@Suite struct RequirementsTests {
  @Test(
    "Kernels from 5.10 on are accepted",
    arguments: ["5.10.0-32-cloud-amd64", "6.1.0", "6.18.44", "7.2-rc1", "10.0"])
  func newEnough(release: String) throws { try Requirements.checkKernel(release: release) }

  @Test(
    "The error for an older kernel names its version",
    arguments: ["5.9.16", "4.19.0-27-amd64", "3.10.0-1160.el7.x86_64"])
  func tooOld(release: String) {
    let error = #expect(throws: ExporterError.self) { try Requirements.checkKernel(release: release) }
    #expect(error?.description.contains(release) == true)
  }

  @Test(
    "CAP_SYS_ADMIN implies both other capabilities, as in the kernel",
    arguments: ["000001ffffffffff", "000000c000000000", "0000000000200000"])
  func enough(effective: String) throws {
    try Requirements.checkCapabilities(status: "Name:\tx\nCapEff:\t\(effective)\n")
  }

  @Test(
    "The error names the missing requirement",
    arguments: [
      ("0000000000000000", "CAP_BPF and CAP_PERFMON missing"), ("0000008000000000", "CAP_PERFMON missing"),
      ("0000004000000000", "CAP_BPF missing"),
    ])
  func missing(effective: String, says: String) {
    let error = #expect(throws: ExporterError.self) {
      try Requirements.checkCapabilities(status: "CapEff:\t\(effective)\n")
    }
    #expect(error?.description.hasPrefix(says) == true)
  }

  @Test("On the host, no namespace is excluded", arguments: NamespaceScope.allCases)
  func onTheHost(scope: NamespaceScope) throws {
    #expect(try Requirements.outermost(of: scope, namespace: "pid:[4026531836]") == nil)
  }

  @Test("With scope own, the exporter's namespace is the outermost")
  func nested() throws {
    #expect(try Requirements.outermost(of: .own, namespace: "pid:[4026532180]") == 4_026_532_180)
    let error = #expect(throws: ExporterError.self) {
      try Requirements.outermost(of: .host, namespace: "pid:[4026532180]")
    }
    #expect(error?.description.contains("pid:[4026532180]") == true)
    #expect(error?.description.hasSuffix("add --namespaces.scope=own") == true)
  }

  @Test("An unreadable namespace gives nil", arguments: [nil, "", "pid:[]", "pid:[x]"])
  func unreadable(namespace: String?) {
    #expect(throws: ExporterError.self) { try Requirements.outermost(of: .own, namespace: namespace) }
  }
}
