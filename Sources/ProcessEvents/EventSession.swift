// SPDX-License-Identifier: Apache-2.0

package import Platform
import Probe
import Terminal

/// One run of `events`: from its source, through the filters, to stdout.
package struct EventSession<Source: EventSource & ~Copyable>: ~Copyable {
  /// Which events are shown, and how many.
  package struct Options: Sendable {
    package var selection = EventSelection()
    /// Ends the run after this number of events.
    package var count: Int?
    /// Ends the run after this time.
    package var duration: Duration?

    package init() {}
  }

  /// A request to stop: SIGTERM or SIGINT.
  package struct Stop {
    /// Becomes readable with a request.
    let descriptor: Int32
    /// Removes one request, so that the next one is seen.
    let consume: () -> Void

    package init(descriptor: Int32, consume: @escaping () -> Void) {
      (self.descriptor, self.consume) = (descriptor, consume)
    }
  }

  private enum End {
    /// A signal, the time, or the number of events.
    case asked
    /// Nobody reads any more.
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
  /// Dropped events of which it has been said.
  private var droppedSaid: UInt64 = 0
  private let deadline: ContinuousClock.Instant?

  /// - Parameters:
  ///   - writer: Formats the events.
  ///   - output: Where they go. SIGPIPE has to be ignored.
  ///   - report: Gets the lines for stderr: what was shown, and what is missing.
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

  /// Shows events until a signal comes, the time is over, there are enough, or nobody reads any more.
  package mutating func run() throws {
    var end = try show()
    if end == .asked {
      // What has happened by now is still shown, unless somebody asks again, or nobody reads it.
      source.detach()
      end = try drain(until: .now + Self.patience)
    }
    let dropped = try source.dropped()
    if end == .closed && dropped == 0 { return }
    report(summary(dropped: dropped))
    if let program = try source.skippedProgram() {
      report(
        "pidns-exporter: the kernel skipped runs of the BPF program \(program): more events may be missing")
    }
  }

  /// How long a reader that does not read is waited for at the end.
  private static var patience: Duration { .seconds(2) }

  private mutating func show() throws -> End {
    // There may be more than one batch.
    var isBehind = false
    while !hasEnough {
      let next = ContinuousClock.now + (isBehind ? .zero : Source.interval)
      let happened = DescriptorPoller.wait(
        for: [(source.descriptor, .readable), (stop.descriptor, .readable), (output.descriptor, .closed)],
        until: deadline.map { min($0, next) } ?? next)
      if happened[2] { return .closed }
      if happened[1] {
        stop.consume()
        return .asked
      }
      if let deadline, deadline <= .now { return .asked }
      isBehind = try writeBatch()
      if let end = try flush(until: deadline) { return end }
    }
    return .asked
  }

  private mutating func drain(until deadline: ContinuousClock.Instant) throws -> End {
    // A program that ran when it was detached may have an event to tell yet.
    _ = DescriptorPoller.wait(for: [], until: .now + .milliseconds(20))
    repeat {
      if let end = try flush(until: deadline) { return end }
    } while try writeBatch()
    // Behind all that there was room for.
    if let last = source.lastTime { sayDropped(try source.dropped(), at: last) }
    return try flush(until: deadline) ?? .asked
  }

  private var hasEnough: Bool { count.map { shown >= $0 } ?? false }

  /// Formats what the source has.
  ///
  /// - Returns: Whether there was anything.
  private mutating func writeBatch() throws -> Bool {
    if isTerminal {
      let size = Terminal.size(of: output.descriptor)
      writer.resize(columns: size?.columns, rows: size?.rows)
    }
    let events = try source.drain()
    for event in events where !hasEnough {
      sayDropped(event.droppedBefore, at: event.time)
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

  /// Writes how many events are missing before one of a time, if it was not said before.
  private mutating func sayDropped(_ dropped: UInt64, at time: UInt64) {
    guard dropped > droppedSaid else { return }
    let time = WallTime(epoch: source.epochTime(of: time))
    writer.writeDropped(dropped - droppedSaid, time: time, to: &output.bytes)
    droppedSaid = dropped
  }

  /// Writes what there is.
  ///
  /// - Returns: Why there is to be no more; nil where there may be.
  private mutating func flush(until deadline: ContinuousClock.Instant?) throws -> End? {
    switch output.flush(interruptedBy: stop.descriptor, until: deadline) {
    case .written: return nil
    case .closed: return .closed
    case .interrupted:
      stop.consume()
      return .asked
    case .late: return .asked
    case .failed(let error):
      throw EventOutputError(description: "cannot write to stdout: \(Errno.text(error))")
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

/// Why events cannot be written, in one line for people.
package struct EventOutputError: Error, CustomStringConvertible {
  package let description: String
}

extension WallTime {
  /// - Parameter epoch: Nanoseconds since the epoch.
  fileprivate init(epoch: Int64) {
    let (seconds, nanoseconds) = epoch.quotientAndRemainder(dividingBy: 1_000_000_000)
    self.init(seconds: Int(seconds), nanoseconds: Int(nanoseconds))
  }
}
