// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LibBPF

@Suite struct LibbpfLogTests {
  @Test("The cause in a verifier log is the last line before the statistics")
  func verifier() {
    let log = """
      libbpf: prog 'process_exec': BPF program load failed: Permission denied
      libbpf: prog 'process_exec': -- BEGIN PROG LOAD LOG --
      0: R1=ctx() R10=fp0
      ; struct task_struct *task = (void *)ctx[0]; @ counters.bpf.c:120
      0: (79) r7 = *(u64 *)(r1 +8)
      func 'sched_process_exec' doesn't have 2-th argument
      invalid bpf_context access off=8 size=8
      verification time 40 usec
      stack depth 0
      processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
      -- END PROG LOAD LOG --
      libbpf: prog 'process_exec': failed to load: -13
      libbpf: failed to load object 'pidns'
      """
    #expect(LibbpfLog.usefulLine(of: log) == "invalid bpf_context access off=8 size=8")
    #expect(LibbpfLog.program(of: log) == "process_exec")
  }

  @Test("Without a verifier log the cause is the last line, without the library's prefix")
  func library() {
    let log =
      "libbpf: Error in bpf_create_map\nlibbpf: map 'node': failed to create: Operation not permitted(-1)\n"
      + "libbpf: failed to load object 'pidns'\n"
    #expect(LibbpfLog.usefulLine(of: log) == "map 'node': failed to create: Operation not permitted(-1)")
    #expect(LibbpfLog.program(of: log) == nil)
  }

  @Test("An empty log has no cause")
  func nothing() {
    #expect(LibbpfLog.usefulLine(of: "") == nil)
    #expect(LibbpfLog.program(of: "") == nil)
  }
}
