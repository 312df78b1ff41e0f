// SPDX-License-Identifier: Apache-2.0

package import Platform
import Probe
import Terminal

/// One run of `events`: reads the source, filters, formats, and writes to stdout.
package struct EventSession<Source: EventSource & ~Copyable>: ~Copyable {
  /// The filters and limits of a run.
  package struct Options: Sendable {
    /// The filters.
    package var selection = EventSelection()
    /// Ends the run after this number of events; nil for no limit.
    package var count: Int?
    /// Ends the run after this time; nil for no limit.
    package var duration: Duration?

    /// Creates options that show all events without a limit.
    package init() {}
  }

  /// Stop requests: SIGTERM or SIGINT.
  package struct Stop {
    /// Becomes readable on a request.
    let descriptor: Int32
    /// Removes one request, so that a second one is detected.
    let consume: () -> Void

    /// Creates the access to stop requests.
    package init(descriptor: Int32, consume: @escaping () -> Void) {
      (self.descriptor, self.consume) = (descriptor, consume)
    }
  }

  private enum End {
    /// A signal, the duration, or the number of events.
    case requested
    /// The reader of the output has closed it.
    case closed
  }

  private var source: Source
  private let selection: EventSelection
  private let count: Int?
  private let stop: Stop
  private let report: (String) -> Void
  private let isTerminal: Bool
  private var writer: EventWriter
  private var output: StandardOutputWriter
  private var shown = 0
  /// The number of dropped events that was reported.
  private var reportedDrops: UInt64 = 0
  private let deadline: ContinuousClock.Instant?

  /// Creates a run.
  ///
  /// - Parameters:
  ///   - source: The source of events.
  ///   - options: The filters and limits.
  ///   - writer: Formats the events.
  ///   - output: Receives the lines. The process must ignore SIGPIPE.
  ///   - stop: Stop requests.
  ///   - report: Receives lines for stderr: the events shown and the events missing.
  package init(
    _ source: consuming Source, _ options: Options, writer: EventWriter, output: StandardOutputWriter,
    stop: Stop,
    report: @escaping (String) -> Void
  ) {
    self.source = source
    self.writer = writer
    self.output = output
    self.stop = stop
    self.report = report
    selection = options.selection
    count = options.count
    deadline = options.duration.map { .now + $0 }
    isTerminal = Terminal.isTerminal(output.descriptor)
  }

  /// Shows events until a signal, the duration, the number of events, or the reader ends the run.
  ///
  /// - Throws: `EventOutputError`, and errors of the source.
  package mutating func run() throws {
    var end = try show()
    if end == .requested {
      // Events until now are still shown, unless a second signal arrives or the reader has closed the output.
      source.detach()
      end = try drain(until: .now + Self.drainTimeout)
    }
    let dropped = try source.dropped()
    if end == .closed && dropped == 0 { return }
    report(summary(dropped: dropped))
    if let program = try source.skippedProgram() {
      report(
        "pidns-exporter: the kernel skipped runs of the BPF program \(program): more events may be missing")
    }
  }

  /// The time to wait for a stalled reader at the end.
  private static var drainTimeout: Duration { .seconds(2) }

  private mutating func show() throws -> End {
    // The source may have more than one batch.
    var isBehind = false
    while !hasEnough {
      let next = ContinuousClock.now + (isBehind ? .zero : Source.interval)
      let happened = DescriptorPoller.wait(
        for: [(source.descriptor, .readable), (stop.descriptor, .readable), (output.descriptor, .closed)],
        until: deadline.map { min($0, next) } ?? next)
      if happened[2] { return .closed }
      if happened[1] {
        stop.consume()
        return .requested
      }
      if let deadline, deadline <= .now { return .requested }
      isBehind = try writeBatch()
      if let end = try flush(until: deadline) { return end }
    }
    return .requested
  }

  private mutating func drain(until deadline: ContinuousClock.Instant) throws -> End {
    // Programs that were running at the detach may still submit an event.
    _ = DescriptorPoller.wait(for: [], until: .now + .milliseconds(20))
    repeat {
      if let end = try flush(until: deadline) { return end }
    } while try writeBatch()
    // After the last event that fitted into the buffer.
    if let last = source.lastTime { reportDropped(try source.dropped(), at: last) }
    return try flush(until: deadline) ?? .requested
  }

  private var hasEnough: Bool { count.map { shown >= $0 } ?? false }

  /// Formats the available events.
  ///
  /// - Returns: Whether there were any.
  private mutating func writeBatch() throws -> Bool {
    if isTerminal {
      let size = Terminal.size(of: output.descriptor)
      writer.resize(columns: size?.columns, rows: size?.rows)
    }
    let events = try source.drain()
    for event in events where !hasEnough {
      reportDropped(event.droppedBefore, at: event.time)
      guard selection.mayInclude(event) else { continue }
      let container = source.container(of: event)
      guard selection.includes(container) else { continue }
      let record = EventRecord(
        event: event, container: container, time: WallTime(epoch: source.epochTime(of: event.time)))
      writer.write(record, to: &output.bytes)
      shown += 1
    }
    return !events.isEmpty
  }

  /// Writes the number of events dropped before a time, unless already written.
  private mutating func reportDropped(_ dropped: UInt64, at time: UInt64) {
    guard dropped > reportedDrops else { return }
    let time = WallTime(epoch: source.epochTime(of: time))
    writer.writeDropped(dropped - reportedDrops, time: time, to: &output.bytes)
    reportedDrops = dropped
  }

  /// Writes the buffered output.
  ///
  /// - Returns: The reason to end the run, or nil.
  private mutating func flush(until deadline: ContinuousClock.Instant?) throws -> End? {
    switch output.flush(interruptedBy: stop.descriptor, until: deadline) {
    case .written: return nil
    case .closed: return .closed
    case .interrupted:
      stop.consume()
      return .requested
    case .late: return .requested
    case .failed(let error):
      throw EventOutputError(
        description: "cannot write to stdout: \(Errno.text(error)); check its file or disk")
    }
  }

  private func summary(dropped: UInt64) -> String {
    let unread = output.bytes.isEmpty ? "" : ", output incomplete: the reader stopped reading"
    let events =
      "pidns-exporter: \(shown) \(shown == 1 ? "event" : "events") shown\(unread), \(dropped) dropped"
    return dropped == 0
      ? events : events + ": the ring buffer was full; raise --bpf.ring-buffer, or read faster"
  }
}

/// The reason why events cannot be written, one line for users.
package struct EventOutputError: Error, CustomStringConvertible {
  /// The reason, without a full stop.
  package let description: String
}

extension WallTime {
  /// - Parameter epoch: Nanoseconds since the epoch.
  fileprivate init(epoch: Int64) {
    let (seconds, nanoseconds) = epoch.quotientAndRemainder(dividingBy: 1_000_000_000)
    self.init(seconds: Int(seconds), nanoseconds: Int(nanoseconds))
  }
}
