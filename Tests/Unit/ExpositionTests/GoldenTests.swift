// SPDX-License-Identifier: Apache-2.0

import Exposition
import Foundation
import Testing

/// Compares an exposition that uses every feature with files, byte by byte.
///
/// After an intended change, `UPDATE_GOLDEN=1 swift test --filter GoldenTests` rewrites the files.
@Suite(.serialized) struct GoldenTests {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

  static func file(_ format: ExpositionFormat) -> URL {
    switch format {
    case .text: directory.appending(path: "example.prom")
    case .openMetrics: directory.appending(path: "example.openmetrics")
    case .protobuf: directory.appending(path: "example.protobuf")
    }
  }

  @Test(arguments: ExpositionFormat.allCases)
  func exampleIsWrittenAsInTheGoldenFile(format: ExpositionFormat) throws {
    var encoder = Encoder(format: format)
    writeExample(to: &encoder)
    let written = encoder.finish()
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      try Data(written).write(to: Self.file(format))
    }
    let golden = try Data(contentsOf: Self.file(format))
    // As text first, which shows the difference.
    #expect(String(decoding: written, as: UTF8.self) == String(decoding: golden, as: UTF8.self))
    #expect(written == Array(golden))
  }

  @Test func promtoolFindsNoFaultInTheText() throws {
    let result = try promtoolCheck(Self.file(.text))
    #expect(result.status == 0)
    #expect(result.output == "")
  }

  @Test func promtoolReadsWhatItIsGiven() throws {
    // Guards the test above: input that is never read has no faults either.
    let input = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).prom")
    try Data("x 1\n".utf8).write(to: input)
    defer { try? FileManager.default.removeItem(at: input) }
    let result = try promtoolCheck(input)
    #expect(result.status != 0)
    #expect(result.output.contains("x no help text"))
  }

  /// Runs `promtool check metrics`; a missing promtool is a failure, with the status and output of `env`.
  private func promtoolCheck(_ metrics: URL) throws -> (status: Int32, output: String) {
    let output = Pipe()
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["promtool", "check", "metrics"]
    // A file, not a pipe: writing to a process that has ended would kill the tests with SIGPIPE.
    process.standardInput = try FileHandle(forReadingFrom: metrics)
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self))
  }
}

/// Writes families of each kind, with and without labels and units, and with special values.
func writeExample(to encoder: inout Encoder) {
  let container = LabelSet(
    ["pidns": "4026532178", "namespace": "shop", "pod": "web-7c5ddbdf54-x2x9k", "container": "nginx"])
  let unknown = LabelSet(["pidns": "4026531836", "namespace": "", "pod": "", "container": ""])
  let reasons = ["completed", "error", "signaled", "teardown"].map { LabelSet(["reason": $0]) }

  encoder.begin(MetricFamily("pidns_process_execs", .counter, help: "Successful execve/execveat calls."))
  encoder.sample(container, 1_234_567)
  encoder.sample(unknown, UInt64.max)

  encoder.begin(
    MetricFamily(
      "pidns_process_exits", .counter, help: #"Exits by "reason"; a \ and a line feed:\#n both escaped."#))
  for (index, reason) in reasons.enumerated() {
    let process = Exemplar(
      ["pid": "\(index)", "comm": "a \"b\" \\c\nd 🐧"], microseconds: 1_700_000_000_000_000 + Int64(index * 90)
    )
    encoder.sample(
      container, adding: reason, UInt64(index * 9), start: 1_690_000_000.25,
      exemplar: index == 0 ? nil : process)
  }
  for reason in reasons { encoder.sample(unknown, adding: reason, 0) }

  encoder.begin(MetricFamily("pidns", .info, help: "PID namespace metadata; always 1."))
  encoder.sample(
    container,
    adding: LabelSet(["init_comm": "a \"b\" \\c\nd", "image": "registry/péngüin:🐧", "runtime": ""]), 1)

  encoder.begin(
    MetricFamily(
      "pidns_start_time_seconds", .gauge, unit: "seconds",
      help: "Start time of the namespace's init process since unix epoch in seconds."))
  encoder.sample(container, 1_700_000_000.25)
  encoder.sample(unknown, 1e-05)

  encoder.begin(
    MetricFamily(
      "pidns_bpf_program_run_seconds", .counter, unit: "seconds", help: "Time spent in the programs."))
  encoder.sample(LabelSet(["program": "sched_process_exit"]), 0.30000000000000004)

  encoder.begin(MetricFamily("pidns_awkward", .gauge, help: "Numbers that are not finite."))
  for (name, value) in [("above", Double.infinity), ("below", -.infinity), ("none", .nan)] {
    encoder.sample(.empty, adding: LabelSet(["which": name]), value)
  }

  encoder.begin(MetricFamily("pidns_empty", .gauge, help: "A family without samples."))
  encoder.begin(MetricFamily("pidns_up", .gauge, help: "1 while all is well."))
  encoder.sample(.empty, 1)
}
