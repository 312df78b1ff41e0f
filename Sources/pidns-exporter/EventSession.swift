// SPDX-License-Identifier: Apache-2.0

import Exporter
import Glibc
import Platform
import Probe
import ProcessEvents
import Terminal
import Text

/// One run of `events`: from the ring buffer, through the filters, to stdout.
struct EventSession: ~Copyable {
  private enum End {
    /// A signal, the time, or the number of events.
    case asked
    /// Nobody reads any more.
    case closed
  }

  private var stream: EventStream
  private let flags: EventFlags
  private let signals: StopSignals
  private let stopDescriptor: Int32
  private let selection: EventSelection
  private let isTerminal: Bool
  private var writer: EventWriter
  private var output = StandardOutputWriter()
  private var shown = 0
  /// Dropped events of which it has been said.
  private var droppedSaid: UInt64 = 0
  private let deadline: ContinuousClock.Instant?

  init(_ stream: consuming EventStream, _ flags: EventFlags, _ signals: StopSignals) {
    self.stream = stream
    self.flags = flags
    self.signals = signals
    stopDescriptor = signals.descriptor()
    selection = flags.selection
    deadline = flags.duration.map { .now + $0.duration }
    isTerminal = Terminal.isTerminal(Terminal.stdout)
    writer = flags.writer(
      size: Terminal.size(of: Terminal.stdout), isTerminal: isTerminal, environment: Environment.variables)
  }

  /// Shows events until a signal comes, the time is over, there are enough, or nobody reads any more.
  mutating func run() throws {
    var end = try show()
    if end == .asked {
      // What has happened by now is still shown, unless somebody asks again, or nobody reads it.
      stream.detach()
      end = try drain(until: .now + Self.patience)
    }
    let dropped = try stream.dropped()
    if end == .closed && dropped == 0 { return }
    StandardError.write(line: summary(dropped: dropped))
    if let program = try stream.skippedProgram() {
      StandardError.write(
        line:
          "pidns-exporter: the kernel skipped runs of the BPF program \(program): more events may be missing")
    }
  }

  /// How long a reader that does not read is waited for at the end.
  private static let patience = Duration.seconds(2)

  private mutating func show() throws -> End {
    // There may be more than one batch.
    var isBehind = false
    while !hasEnough {
      let next = ContinuousClock.now + (isBehind ? .zero : EventStream.interval)
      let happened = DescriptorPoller.wait(
        for: [(stream.descriptor, .readable), (stopDescriptor, .readable), (STDOUT_FILENO, .closed)],
        until: deadline.map { min($0, next) } ?? next)
      if happened[2] { return .closed }
      if happened[1] {
        _ = signals.wait(until: .now)
        return .asked
      }
      if let deadline, deadline <= .now { return .asked }
      isBehind = try takeBatch()
      if let end = try flush(until: deadline) { return end }
    }
    return .asked
  }

  private mutating func drain(until deadline: ContinuousClock.Instant) throws -> End {
    // A program that ran when it was detached may have an event to tell yet.
    _ = DescriptorPoller.wait(for: [], until: .now + .milliseconds(20))
    repeat {
      if let end = try flush(until: deadline) { return end }
    } while try takeBatch()
    // Behind all that there was room for.
    if let last = stream.lastTime { sayDropped(try stream.dropped(), at: last) }
    return try flush(until: deadline) ?? .asked
  }

  private var hasEnough: Bool { flags.count.map { shown >= $0 } ?? false }

  /// Takes what the buffer has and makes output of it.
  ///
  /// - Returns: Whether there was anything.
  private mutating func takeBatch() throws -> Bool {
    if isTerminal {
      let size = Terminal.size(of: Terminal.stdout)
      writer.resize(columns: size?.columns, rows: size?.rows)
    }
    let events = try stream.take()
    for event in events where !hasEnough {
      sayDropped(event.droppedBefore, at: event.time)
      guard selection.mayInclude(event) else { continue }
      let container = stream.container(of: event)
      guard selection.includes(container) else { continue }
      let record = EventRecord(
        event: event, container: container, time: WallTime(epoch: stream.epochTime(of: event.time)))
      writer.write(record, to: &output.bytes)
      shown += 1
    }
    return !events.isEmpty
  }

  /// Writes how many events are missing before one of a time, if it was not said before.
  private mutating func sayDropped(_ dropped: UInt64, at time: UInt64) {
    guard dropped > droppedSaid else { return }
    let time = WallTime(epoch: stream.epochTime(of: time))
    writer.writeDropped(dropped - droppedSaid, time: time, to: &output.bytes)
    droppedSaid = dropped
  }

  /// Writes what there is.
  ///
  /// - Returns: Why there is to be no more; nil where there may be.
  private mutating func flush(until deadline: ContinuousClock.Instant?) throws -> End? {
    switch output.flush(interruptedBy: stopDescriptor, until: deadline) {
    case .written: return nil
    case .closed: return .closed
    case .interrupted:
      _ = signals.wait(until: .now)
      return .asked
    case .late: return .asked
    case .failed(let error):
      throw ExporterError("cannot write to stdout: \(Errno.text(error))")
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

extension WallTime {
  /// - Parameter epoch: Nanoseconds since the epoch.
  fileprivate init(epoch: Int64) {
    let (seconds, nanoseconds) = epoch.quotientAndRemainder(dividingBy: 1_000_000_000)
    self.init(seconds: Int(seconds), nanoseconds: Int(nanoseconds))
  }
}
