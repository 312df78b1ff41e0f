// SPDX-License-Identifier: Apache-2.0

import Glibc
import LibBPF
import Testing

@testable import Probe

/// Which errors turn a collector off, and which end the start.
@Suite struct RefusalTests {
  private let programs = ["execve_failed", "execveat_failed"]

  private func isRefusal(_ errno: Int32, _ program: String?) -> Bool {
    BPFError("load the BPF programs", errno: errno, program: program).refusesOne(of: programs)
  }

  @Test("A program of the collector that the kernel cannot load turns the collector off")
  func refused() {
    for errno in [EINVAL, EACCES, ESRCH, ENOTSUP] { #expect(isRefusal(errno, "execve_failed")) }
  }

  @Test("Another program, pins that are refused, and missing memory or descriptors do not")
  func others() {
    #expect(!isRefusal(EINVAL, "process_exec"))
    #expect(!isRefusal(EINVAL, nil))
    for errno in [ENOMEM, EMFILE, ENFILE] { #expect(!isRefusal(errno, "execve_failed")) }
    #expect(!BPFError(refusing: "map_node is another map", advice: "").refusesOne(of: programs))
  }
}
