// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

@testable import Probe

extension KernelTests {
  /// What is loaded if the kernel forbids reads of its memory by address. `make test-kernels` boots a kernel that does.
  @Suite(.serialized) struct Lockdown {
    /// The calls by which the programs that this process holds read kernel memory by address.
    private func readsByAddress() throws -> [String] {
      let programs = try HeldObjects(by: getpid()).programs
      #expect(!programs.isEmpty)
      return try programs.flatMap { program in
        let dump = try Child.run("/usr/sbin/bpftool", ["prog", "dump", "xlated", "id", "\(program)"])
        guard dump.status == 0 else { throw TestFailure("bpftool: \(dump.stderr)") }
        return dump.stdout.split(separator: "\n").filter { $0.contains("call bpf_probe_read") }.map(
          String.init)
      }
    }

    @Test("In lockdown, no program that counts reads memory by address", arguments: [false, true])
    func counters(inAttempts: Bool) throws {
      for detection in KernelCounters.ExitDetection.allCases {
        var configuration = KernelCounters.Configuration(
          mapEntries: 64, collectors: Set(Collector.allCases), exitDetection: detection,
          countsInAttempts: inAttempts)
        let usual = try KernelCounters(configuration)
        let readsIdentities = usual.readsIdentities
        #expect(readsIdentities)
        #expect(try !readsByAddress().isEmpty)
        _ = consume usual
        configuration.readsAddresses = false
        let locked = try KernelCounters(configuration)
        let stillReads = locked.readsIdentities
        #expect(!stillReads)
        #expect(try readsByAddress() == [], "\(detection)")
        _ = consume locked
      }
    }

    @Test("In lockdown, no program that emits events reads memory by address")
    func events() throws {
      var configuration = KernelEvents.Configuration(forks: true, oomKills: true, arguments: true)
      configuration.readsAddresses = false
      let events = try KernelEvents(configuration)
      let readsIdentities = events.readsIdentities
      #expect(!readsIdentities)
      let reads = try readsByAddress()
      #expect(reads == [], "\(reads)")
      _ = consume events
    }
  }
}
