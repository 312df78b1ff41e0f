// SPDX-License-Identifier: Apache-2.0

import CLibBPF
import Foundation
import TestSupport
import Testing

@testable import LibBPF

/// The reader of the kernel's types, against libbpf's.
@Suite struct KernelBTFTests {
  private static let names = KernelBTF.Names(
    tracepoints: ["mark_victim", "sched_process_exit", "sched_process_fork", "no_such_tracepoint"],
    functions: ["__x64_sys_execve", "__arm64_sys_execve", "do_exit", "no_such_function"],
    typedefs: ["class_srcu_fast_notrace_t", "pid_t", "no_such_type_t"],
    structures: ["bpf_htab", "task_struct", "no_such_structure"])

  @Test("It finds what libbpf finds on this kernel")
  func same() throws {
    let btf = try KernelBTF(finding: Self.names)
    let other = unsafe try #require(btf__load_vmlinux_btf())
    defer { unsafe btf__free(other) }
    func id(_ name: String, _ kind: Int) -> Int32 { unsafe btf__find_by_name_kind(other, name, UInt32(kind)) }
    for name in Self.names.functions { #expect(btf.hasFunction(name) == (id(name, 12) > 0), "\(name)") }
    for name in Self.names.typedefs { #expect(btf.hasTypedef(name) == (id(name, 8) > 0), "\(name)") }
    for name in Self.names.tracepoints {
      #expect(btf.parameters(ofTracepoint: name).isEmpty == (id("btf_trace_" + name, 8) <= 0), "\(name)")
    }
    // The same since long before the oldest kernel that is supported: the tracepoint's own data, parent and child.
    #expect(btf.parameters(ofTracepoint: "sched_process_fork") == [.pointer, .pointer, .pointer])
    #expect(btf.structure("task_struct", hasMember: "thread_pid"))
    #expect(!btf.structure("task_struct", hasMember: "no_such_member"))
    #expect(!btf.structure("no_such_structure", hasMember: "thread_pid"))
  }

  @Test("A file that is cut or changed is refused or read, without a crash")
  func malformed() throws {
    let whole = try Data(contentsOf: URL(filePath: KernelBTF.path))
    let path = FileManager.default.temporaryDirectory.appending(path: "btf-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: path) }
    var random = SeededGenerator.printingSeed("KernelBTFTests.malformed")
    for length in [0, 1, 23, 24, 4096, whole.count / 2, whole.count - 1] {
      try whole.prefix(length).write(to: path)
      #expect(throws: BPFError.self) { _ = try KernelBTF(finding: Self.names, in: path.path) }
    }
    for _ in 0..<20 {
      var changed = whole
      for _ in 0..<100 {
        changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      try changed.write(to: path)
      guard let btf = try? KernelBTF(finding: Self.names, in: path.path) else { continue }
      for name in Self.names.tracepoints { _ = btf.parameters(ofTracepoint: name) }
      for name in Self.names.structures { _ = btf.structure(name, hasMember: "thread_pid") }
    }
  }
}
