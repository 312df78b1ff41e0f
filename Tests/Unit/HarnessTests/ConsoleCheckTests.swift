// SPDX-License-Identifier: Apache-2.0

import Harness
import Testing

@testable import pidns_console_check

@Suite struct ConsoleCheckTests {
  /// The console output for a case in which `forks` of 101 are counted.
  func log(forks: Int = 101, end: String = "@@ end\n") -> String {
    let labels = #"pidns="7",namespace="",pod="",container="""#
    return """
      [    1.0] SMP: 2 CPUs\r
      @@ fact uname 6.1.0-test\r
      @@ case fork\r
      @@ truth {"case":"fork","pidns":7,"execs":0,"forks":100,"thread_starts":0,"exits":100,"core_dumps":0}\r
      @@ truth {"case":"fork","pidns":7,"execs":0,"forks":1,"thread_starts":0,"exits":1,"core_dumps":0}\r
      [    2.0] a line of the kernel's @@ metric pidns_process_execs_total{\(labels)} 0\r
      @@ metric pidns_process_forks_total{\(labels)} \(forks)\r
      @@ metric pidns_thread_starts_total{\(labels)} 0\r
      @@ metric pidns_process_exits_total{\(labels)} 101\r
      @@ metric pidns_bpf_program_misses_total{program="process_fork"} 3\r
      @@ metric pidns_bpf_events_dropped_total{reason="busy"} 0\r
      @@ compare\r
      \(end)
      """
  }

  func matrix(_ logs: String..., gaps: String = "* core_dumps # not yet") throws -> Matrix {
    Matrix(
      columns: logs.enumerated().map { ("k\($0.offset)", ConsoleLog($0.element)) },
      expectedGaps: try ExpectedGaps(gaps))
  }

  @Test("Exact counts pass despite other console output; lines of one inum add up")
  func exact() throws {
    let matrix = try matrix(log())
    #expect(matrix.passes)
    #expect(matrix.table == "kernel  k0\nuname   6.1.0-test\nfork    exact*")
    #expect(matrix.remarks == ["* k0 does not count, as expected: core_dumps"])
  }

  @Test("A missed event fails, and the kernel's missed runs are reported with it")
  func missed() throws {
    let matrix = try matrix(log(), log(forks: 98))
    #expect(!matrix.passes)
    #expect(matrix.table.hasSuffix("fork    exact*      -3 forks"))
    #expect(
      matrix.remarks.prefix(2) == [
        "k1: fork: 7: forks: 98 counted, 101 true", "k1: fork: the kernel skipped process_fork 3 times",
      ])
  }

  @Test("A family that is not counted must be listed for that kernel")
  func notCounted() throws {
    let unexpected = try matrix(log(), gaps: "")
    #expect(unexpected.table.hasSuffix("fork    not counted"))
    #expect(unexpected.remarks == ["k0: not counted: core_dumps of fork"])
    #expect(!unexpected.passes)
    #expect(try !matrix(log(), log(), gaps: "k0 core_dumps").passes)
    #expect(try matrix(log(), log(), gaps: "k0 core_dumps\nk1 core_dumps").passes)
    #expect(throws: TestFailure.self) { try matrix(log(), gaps: "k0 sparks") }
  }

  @Test(
    "An aborted machine, a failed case and an empty comparison fail",
    arguments: [
      "", "@@ error the workload failed\n@@ end", "@@ case spawn\n@@ end", "@@ truth {\n@@ end",
      "@@ compare\n@@ end", "@@ metric pidns_up\n@@ compare\n@@ end", "@@ sparks\n@@ end",
    ])
  func incomplete(end: String) throws {
    #expect(try !matrix(log(end: end)).passes)
  }

  @Test("A case that ran on one kernel must run on all kernels")
  func notRun() throws {
    let more = "@@ case more\n" + log().split(separator: "@@ case fork\r\n")[1]
    let matrix = try matrix(log(end: more), log())
    #expect(matrix.remarks.first == "k1: not run: more")
    #expect(!matrix.passes)
  }

  @Test("A machine may leave out a case that it cannot run")
  func without() throws {
    let more = "@@ case more\n" + log().split(separator: "@@ case fork\r\n")[1]
    let matrix = try matrix(log(end: more), log(end: "@@ without more\n@@ end"))
    #expect(matrix.passes, "\(matrix.remarks)")
  }

  @Test("A case that runs twice passes only if both runs pass")
  func twice() throws {
    let second = "@@ case fork\r\n" + log(forks: 98).split(separator: "@@ case fork\r\n")[1]
    let matrix = try matrix(log(end: String(second)))
    #expect(matrix.table.hasSuffix("fork    -3 forks"))
    #expect(!matrix.passes)
  }

  @Test("An empty log fails")
  func empty() throws {
    #expect(try !matrix("").passes)
  }
}
