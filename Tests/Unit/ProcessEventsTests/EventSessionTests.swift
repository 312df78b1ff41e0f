// SPDX-License-Identifier: Apache-2.0

import Containers
import Glibc
import Platform
import Probe
import Testing

@testable import ProcessEvents

/// Batches of events like those of a ring buffer, then none.
private struct ListedEvents: EventSource {
  static let interval = Duration.milliseconds(1)
  let descriptor: Int32 = -1
  var lastTime: UInt64?
  var batches: [[ProcessEvent]]
  /// The initial number of dropped events.
  var droppedCount: UInt64 = 0
  var skipped: String?
  /// Events that are read only after the programs are detached.
  var late: [ProcessEvent] = []

  mutating func drain() -> [ProcessEvent] {
    let batch = batches.isEmpty ? [] : batches.removeFirst()
    lastTime = batch.last?.time ?? lastTime
    return batch
  }
  func dropped() -> UInt64 { droppedCount }
  func skippedProgram() -> String? { skipped }
  func container(of event: ProcessEvent) -> Container { Samples.web }
  func epochTime(of time: UInt64) -> Int64 { Int64(time) }
  mutating func detach() {
    batches.append(late)
    late = []
  }
}

@Suite(.timeLimit(.minutes(5))) struct EventSessionTests {
  /// Two pipes: the output, and requests to stop.
  private final class Pipes {
    let output = Pipes.pipe()
    let stop = Pipes.pipe()
    private var isReaderOpen = true

    init() { _ = signal(SIGPIPE, SIG_IGN) }

    deinit {
      for descriptor in [output.write, stop.read, stop.write] { _ = close(descriptor) }
      closeReader()
    }

    static func pipe() -> (read: Int32, write: Int32) {
      var ends: [Int32] = [-1, -1]
      _ = unsafe Glibc.pipe(&ends)
      return (ends[0], ends[1])
    }

    func closeReader() {
      if isReaderOpen { _ = close(output.read) }
      isReaderOpen = false
    }

    func requestStop() { _ = unsafe write(stop.write, "x", 1) }

    /// Returns the output, which must fit into a pipe.
    func text() -> String {
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let isThere = DescriptorPoller.wait(for: [(output.read, .readable)], until: .now)[0]
      let count = isThere ? unsafe read(output.read, &bytes, bytes.count) : 0
      return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }
  }

  private static func event(_ comm: String, droppedBefore: UInt64 = 0) -> ProcessEvent {
    var event = Samples.record(.fork, comm: comm).event
    event.droppedBefore = droppedBefore
    return event
  }

  /// Runs a session to its end, and returns its output and report.
  private func run(
    _ source: ListedEvents, _ pipes: Pipes = Pipes(), count: Int? = nil, duration: Duration? = nil,
    comms: Set<String> = []
  ) throws -> (lines: [String], reports: [String]) {
    var options = EventSession<ListedEvents>.Options()
    options.count = count
    options.duration = duration
    options.selection.comms = comms
    var reports: [String] = []
    let stop = pipes.stop.read
    var session = EventSession(
      source, options, writer: EventWriter(.json),
      output: StandardOutputWriter(descriptor: pipes.output.write),
      stop: .init(descriptor: stop) {
        var byte: UInt8 = 0
        _ = unsafe read(stop, &byte, 1)
      }, report: { reports.append($0) })
    try session.run()
    return (pipes.text().split(separator: "\n").map(String.init), reports)
  }

  private func comms(_ lines: [String]) -> [String] {
    lines.compactMap { $0.firstMatch(of: /"comm":"([^"]*)"/).map { String($0.1) } }
  }

  @Test("The run ends after --count events: the oldest selected ones")
  func count() throws {
    let source = ListedEvents(batches: [
      ["a", "b"].map { Self.event($0) }, ["a", "c", "a"].map { Self.event($0) },
    ])
    let (lines, reports) = try run(source, count: 2, comms: ["a", "c"])
    #expect(comms(lines) == ["a", "a"])
    #expect(reports == ["pidns-exporter: 2 events shown, 0 dropped"])
  }

  @Test("Buffered events are shown after a stop request")
  func stop() throws {
    let pipes = Pipes()
    pipes.requestStop()
    let source = ListedEvents(batches: [], late: [Self.event("late")])
    let (lines, reports) = try run(source, pipes)
    #expect(comms(lines) == ["late"])
    #expect(reports == ["pidns-exporter: 1 event shown, 0 dropped"])
  }

  @Test("The run ends after --duration, even without events")
  func duration() throws {
    let (lines, reports) = try run(ListedEvents(batches: []), duration: .milliseconds(5))
    #expect(lines == [])
    #expect(reports == ["pidns-exporter: 0 events shown, 0 dropped"])
  }

  @Test("Dropped events are reported once, before the event that follows them")
  func dropped() throws {
    let source = ListedEvents(
      batches: [[Self.event("a"), Self.event("b", droppedBefore: 3), Self.event("c", droppedBefore: 3)]],
      droppedCount: 5)
    let (lines, reports) = try run(source, duration: .milliseconds(50))
    #expect(lines.map { $0.contains(#""event":"dropped""#) } == [false, true, false, false, true])
    #expect(lines.count == 5 && lines[1].hasSuffix(#""count":3}"#) && lines[4].hasSuffix(#""count":2}"#))
    #expect(
      reports == [
        "pidns-exporter: 3 events shown, 5 dropped: the ring buffer was full; raise --bpf.ring-buffer, or read faster"
      ])
  }

  @Test("A closed reader ends the run without an error")
  func closedReader() throws {
    let pipes = Pipes()
    pipes.closeReader()
    #expect(try run(ListedEvents(batches: [[Self.event("a")]]), pipes).reports == [])
  }

  @Test("Skipped program runs are reported")
  func skipped() throws {
    let source = ListedEvents(batches: [[Self.event("a")]], skipped: "process_exec")
    #expect(
      try run(source, count: 1).reports == [
        "pidns-exporter: 1 event shown, 0 dropped",
        "pidns-exporter: the kernel skipped runs of the BPF program process_exec: more events may be missing",
      ])
  }

  @Test("A write error ends the run with its reason")
  func failed() throws {
    let full = unsafe open("/dev/full", O_WRONLY | O_CLOEXEC)
    defer { _ = close(full) }
    var session = EventSession(
      ListedEvents(batches: [[Self.event("a")]]), .init(), writer: EventWriter(.json),
      output: StandardOutputWriter(descriptor: full), stop: .init(descriptor: -1) {}, report: { _ in })
    do {
      try session.run()
      Issue.record("the run did not fail")
    } catch let error as EventOutputError {
      #expect(error.description == "cannot write to stdout: No space left on device; check its file or disk")
    }
  }
}
