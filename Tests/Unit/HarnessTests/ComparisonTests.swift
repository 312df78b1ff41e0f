// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

@Suite struct ComparisonTests {
  static func truth(_ json: String) throws -> Truth {
    try JSONDecoder().decode(Truth.self, from: Data(json.utf8))
  }

  static let line = """
    {"case":"signals","pidns":7,"execs":1,"forks":101,"thread_starts":2,"exits":101,"completed":1,\
    "error":0,"signaled":100,"teardown":0,"core_dumps":3,"signals":{"SIGSEGV":3,"SIGKILL":97},\
    "exec_failures":{},"zombies":0,"lifetimes":{"sum":10.0,"count":101,"buckets":{"1":100,"4":1}}}
    """

  static let labels = #"pidns="7",namespace="",pod="",container="""#

  static let exact = [
    "pidns_process_execs_total{\(labels)} 1",
    "pidns_process_forks_total{\(labels)} 101",
    "pidns_thread_starts_total{\(labels)} 2",
    "pidns_process_exits_total{\(labels),reason=\"completed\"} 1",
    "pidns_process_exits_total{\(labels),reason=\"error\"} 0",
    "pidns_process_exits_total{\(labels),reason=\"signaled\"} 100",
    "pidns_process_exits_total{\(labels),reason=\"teardown\"} 0",
    "pidns_process_core_dumps_total{\(labels)} 3",
    "pidns_process_signal_deaths_total{\(labels),signal=\"SIGSEGV\"} 3",
    "pidns_process_signal_deaths_total{\(labels),signal=\"SIGKILL\"} 97",
    "pidns_process_lifetime_seconds_bucket{\(labels),le=\"1.0\"} 100",
    "pidns_process_lifetime_seconds_bucket{\(labels),le=\"4.0\"} 101",
    "pidns_process_lifetime_seconds_bucket{\(labels),le=\"+Inf\"} 101",
    "pidns_process_lifetime_seconds_sum{\(labels)} 10.05",
    "pidns_process_lifetime_seconds_count{\(labels)} 101",
  ]

  func differences(_ lines: [String], mayLack: Set<Facts.Kind> = []) throws -> [String] {
    try Scrape(lines.joined(separator: "\n")).differences(from: Self.truth(Self.line), mayLack: mayLack)
  }

  @Test("A scrape that equals the ground truth has no differences; a missing series equals 0")
  func equal() throws {
    #expect(try differences(Self.exact) == [])
  }

  @Test(
    "One event more or fewer is a difference with its quantity and amount",
    arguments: [
      (0, "execs: 2 counted, 1 true"), (1, "forks: 102 counted, 101 true"),
      (2, "thread_starts: 3 counted, 2 true"), (7, "core_dumps: 4 counted, 3 true"),
      (8, "signals{signal=SIGSEGV}: 4 counted, 3 true"),
      (10, "lifetimes{le=1.0}: 101 counted, 100 true"), (14, "lifetimes count: 102 counted, 101 true"),
    ])
  func oneMore(index: Int, words: String) throws {
    var lines = Self.exact
    let parts = lines[index].split(separator: " ")
    lines[index] = "\(parts[0]) \((Int(parts[1]) ?? 0) + 1)"
    #expect(try differences(lines) == [words])
  }

  @Test("Lifetimes with an uncertain bound may be in a lower bucket")
  func uncertainLifetimes() throws {
    let truth = try JSONDecoder().decode(
      Truth.self,
      from: Data(
        """
        {"pidns":7,"execs":0,"forks":2,"thread_starts":0,"exits":2,
        "lifetimes":{"sum":2.0,"count":2,"uncertain":1,"buckets":{"1.0":1,"4.0":1}}}
        """.utf8))
    func isRight(_ belowOne: Double) -> Bool {
      var counted = truth.facts
      counted.values[Facts.Quantity(.lifetimes, "1.0")] = belowOne
      return Comparison(truth: truth.facts, counted: counted).differences.isEmpty
    }
    #expect(isRight(1) && isRight(2))
    #expect(!isRight(0) && !isRight(3))
  }

  @Test("Exits under the wrong reason are differences, even if the sum is right")
  func reasons() throws {
    let lines = Self.exact.map {
      $0.replacingOccurrences(of: #"signaled"} 100"#, with: #"signaled"} 99"#)
        .replacingOccurrences(of: #"teardown"} 0"#, with: #"teardown"} 1"#)
    }
    #expect(
      try differences(lines) == [
        "exits{reason=signaled}: 99 counted, 100 true", "exits{reason=teardown}: 1 counted, 0 true",
      ])
  }

  @Test("A signal death that did not happen is a difference, and so is a missing label value")
  func parts() throws {
    var lines = Self.exact.filter { !$0.contains("SIGSEGV") }
    lines.append("pidns_process_signal_deaths_total{\(Self.labels),signal=\"SIGBUS\"} 3")
    lines.append("pidns_process_exec_failures_total{\(Self.labels),errno=\"ENOENT\"} 1")
    #expect(
      try differences(lines) == [
        "signals{signal=SIGBUS}: 3 counted, 0 true", "signals{signal=SIGSEGV}: 0 counted, 3 true",
        "exec_failures{errno=ENOENT}: 1 counted, 0 true",
      ])
  }

  @Test("A missing family is reported as not counted, and must be allowed explicitly")
  func notCounted() throws {
    let lines = Self.exact.filter { !$0.contains("lifetime") && !$0.contains("core_dumps") }
    #expect(try differences(lines) == ["core_dumps: not counted", "lifetimes: not counted"])
    #expect(try differences(lines, mayLack: [.lifetimes]) == ["core_dumps: not counted"])
  }

  @Test("A namespace without series lacks all families, also the mandatory ones")
  func absent() throws {
    let words = try differences([], mayLack: Facts.Kind.optional)
    #expect(
      words
        == ["core_dumps", "execs", "exit_reasons", "exits", "forks", "signals", "thread_starts"].map {
          "\($0): not counted"
        })
  }

  @Test("Exits without reasons are compared by their total")
  func wholeExits() throws {
    var lines = Self.exact.filter { !$0.contains("reason=") }
    lines.append("pidns_process_exits_total{\(Self.labels)} 101")
    #expect(try differences(lines, mayLack: [.exitReasons]) == [])
    #expect(try differences(lines) == ["exit_reasons: not counted"])
  }

  @Test(
    "The sum of lifetimes must be between the outer and the inner measurement",
    arguments: [(9.5, true), (10.0, true), (9.4, false), (10.1, false)])
  func sumOfLifetimes(counted: Double, isRight: Bool) throws {
    let line = """
      {"pidns":7,"execs":0,"forks":1,"thread_starts":0,"exits":1,\
      "lifetimes":{"sum":10.0,"sum_at_least":9.5,"count":1,"buckets":{"16.0":1}}}
      """
    var shown = try Self.truth(line).facts
    shown.values[Facts.Quantity(.lifetimes, "sum")] = counted
    let comparison = Comparison(truth: try Self.truth(line).facts, counted: shown)
    #expect(comparison.differences.isEmpty == isRight)
  }

  @Test("A ground truth without one of the four counts is invalid")
  func incomplete() {
    #expect(throws: DecodingError.self) { try Self.truth(#"{"pidns":7,"execs":1,"forks":1,"exits":1}"#) }
  }
}
