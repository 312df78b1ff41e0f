// SPDX-License-Identifier: Apache-2.0

import Harness
import Testing

@testable import LibBPF
@testable import Probe

extension KernelTests {
  /// Loading and reading without the program around it.
  @Suite(.serialized) struct Load {
    @Test("A program that the verifier refuses is an error with the verifier's reason, in one line")
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

    @Test("A missing program or map is an error with its name")
    func missing() throws {
      let object = try BPFObject(embedded: EmbeddedObject.refused, name: "refused")
      do {
        _ = try object.map("nowhere")
        Issue.record("there is no such map")
      } catch {
        #expect(error.description.hasPrefix("cannot find BPF map nowhere: No such file or directory"))
      }
    }

    @Test("The features of the kernel come from its own BTF")
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
      "Any two programs of an event may be skipped, and each event is counted once",
      arguments: ["", "_second", "_third"], ["", "_second", "_third"])
    func skipped(first: String, second: String) throws {
      var configuration = KernelCounters.Configuration(mapEntries: 10_240, countsInAttempts: true)
      let events = ["process_fork", "process_exec", "process_exit"]
      configuration.programsLeftOut = Set(events.flatMap { [$0 + first, $0 + second] })
      var kernel = try KernelCounters(configuration)
      // Numbers of tasks come around: each process of the last case has threads, one of which execs.
      for workload in ["exec-chain", "spawn", "fork", "threads-exec"] {
        let truth = try #require(try Workload.run(workload, "--count", "300").first)
        let reading = try kernel.read()
        let counted = try #require(
          reading.events.first {
            $0.key.inum == truth.pidns
              && reading.identities[$0.key]?.cgroupPath.contains(truth.container) == true
          })
        #expect(Int(counted.value.counts.execs) == truth.counts.execs, "\(workload)")
        #expect(Int(counted.value.counts.forks) == truth.counts.forks, "\(workload)")
        #expect(Int(counted.value.counts.threadStarts) == truth.counts.threadStarts, "\(workload)")
        #expect(Int(counted.value.exits.total) == truth.counts.exits, "\(workload)")
        try kernel.delete(counted.key, counted.value)
      }
    }

    @Test("The host's namespace is always among the live ones, and counts come with its key")
    func host() throws {
      var kernel = try KernelCounters(.init(mapEntries: 16))
      _ = try Child.run("/usr/bin/true", [])
      let tasks = try kernel.walkTasks()
      let host = try #require(tasks.keys.first { $0.inum == 4_026_531_836 })
      #expect(try #require(tasks[host]).processes >= 2)
      let events = try #require(try kernel.read().events[host])
      #expect(events.counts.execs >= 1 && events.exits.byReason[.completed] >= 1)
      try kernel.delete(host, events)
      try kernel.delete(host, events)
    }
  }
}
