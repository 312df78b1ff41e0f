// SPDX-License-Identifier: Apache-2.0

import Harness
import Testing

@testable import LibBPF
@testable import Probe

extension KernelTests {
  /// Loads and reads the BPF programs without the exporter.
  @Suite(.serialized) struct Load {
    @Test("A program that the verifier rejects throws a one-line error with the verifier's reason")
    func refused() throws {
      let object = try BPFObject(embedded: EmbeddedObject.refused, name: "refused")
      do {
        try object.load()
        Issue.record("the verifier took it")
      } catch {
        #expect(error.operation == "load the BPF programs")
        #expect(error.detail?.contains("invalid bpf_context access off=72") == true, "\(error)")
        #expect(!error.description.contains("\n"))
      }
    }

    @Test("The error for a missing program or map names it")
    func missing() throws {
      let object = try BPFObject(embedded: EmbeddedObject.refused, name: "refused")
      do {
        _ = try object.map("nowhere")
        Issue.record("there is no such map")
      } catch {
        #expect(error.description.hasPrefix("cannot find BPF map nowhere: No such file or directory"))
      }
    }

    @Test("Kernel features are read from the kernel's own BTF")
    func features() throws {
      let dump = try Child.run(
        "/usr/sbin/bpftool", ["btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "c"])
      #expect(dump.status == 0)
      let groupDead = "(*btf_trace_sched_process_exit)(void *, struct task_struct *, bool)"
      let features = try KernelFeatures.probe()
      #expect(features.exitTellsGroupDead == dump.stdout.contains(groupDead))
      #expect(features.hashesAllocateSafely == dump.stdout.contains("struct bpf_mem_alloc pcpu_ma;"))
      #expect(features.tracepointsArePreemptible == dump.stdout.contains("class_srcu_fast_notrace_t;"))
      let victim = "(*btf_trace_mark_victim)(void *, struct task_struct *"
      #expect((features.oomVictim == .task) == dump.stdout.contains(victim))
    }

    @Test(
      "Each event is counted once when the kernel skips any two of its programs",
      arguments: ["", "_second", "_third"], ["", "_second", "_third"])
    func skipped(first: String, second: String) throws {
      var configuration = KernelCounters.Configuration(mapEntries: 10_240, countsInAttempts: true)
      let events = ["process_fork", "process_exec", "process_exit"]
      configuration.programsLeftOut = Set(events.flatMap { [$0 + first, $0 + second] })
      var kernel = try KernelCounters(configuration)
      // PIDs are reused: each process of the last case has threads, one of which execs.
      for workload in ["exec-chain", "spawn", "fork", "threads-exec"] {
        let truth = try #require(try Workload.run(workload, "--count", "300").first)
        let reading = try kernel.read()
        let counted = try #require(
          reading.events.first {
            $0.key.namespace.inum == truth.pidns
              && reading.identities[$0.key.namespace]?.cgroupPath.contains(truth.container) == true
          })
        #expect(Int(counted.value.counts.execs) == truth.counts.execs, "\(workload)")
        #expect(Int(counted.value.counts.forks) == truth.counts.forks, "\(workload)")
        #expect(Int(counted.value.counts.threadStarts) == truth.counts.threadStarts, "\(workload)")
        #expect(Int(counted.value.exits.total) == truth.counts.exits, "\(workload)")
        try kernel.delete(counted.key)
      }
    }

    @Test("The host's namespace is always live, and its counts have its key")
    func host() throws {
      var kernel = try KernelCounters(.init(mapEntries: 16))
      _ = try Child.run("/usr/bin/true", [])
      let tasks = try kernel.scanTasks()
      let host = try #require(tasks.keys.first { $0.namespace.inum == 4_026_531_836 && $0.isOfInit })
      #expect(try #require(tasks[host]).counts.processes >= 2)
      let events = try #require(try kernel.read().events[host])
      #expect(events.counts.execs >= 1 && events.exits.byReason[.completed] >= 1)
      try kernel.delete(host)
      try kernel.delete(host)
    }
  }
}

extension KernelCounters.Reading {
  /// The counts that have changed, by part.
  fileprivate var events: [NamespacePart: EventCounts] {
    Dictionary(uniqueKeysWithValues: counts.map { ($0.part, $0.counts) })
  }
}
