// SPDX-License-Identifier: Apache-2.0

import BPFKit
import Exporter
import Glibc
import Linux
import ProcessEvents
import Terminal

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
  private var output = Output()
  private var shown = 0
  private var droppedBefore: UInt64 = 0
  /// When the last event that was taken happened.
  private var lastTime: UInt64 = 0

  init(_ stream: consuming EventStream, _ flags: EventFlags, _ signals: StopSignals) {
    self.stream = stream
    self.flags = flags
    self.signals = signals
    stopDescriptor = signals.descriptor()
    selection = flags.selection
    isTerminal = Terminal.isTerminal(Terminal.stdout)
    writer = flags.writer(
      size: Terminal.size(of: Terminal.stdout), isTerminal: isTerminal, environment: Environment.variables)
  }

  /// Shows events until a signal comes, the time is over, there are enough, or nobody reads any more.
  mutating func run() throws {
    let deadline = flags.duration.map { ContinuousClock.now + $0.duration }
    var end = try show(until: deadline)
    if end == .asked {
      // What has happened by now is still shown, unless somebody asks again.
      stream.detach()
      end = try drain()
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

  private mutating func show(until deadline: ContinuousClock.Instant?) throws -> End {
    // There may be more than one batch.
    var isBehind = false
    while !hasEnough {
      let next = ContinuousClock.now + (isBehind ? .zero : EventStream.interval)
      let happened = Waiting.wait(
        for: [(stream.descriptor, .readable), (stopDescriptor, .readable), (STDOUT_FILENO, .closed)],
        until: deadline.map { min($0, next) } ?? next)
      if happened[2] { return .closed }
      if happened[1] {
        _ = signals.wait(until: .now)
        return .asked
      }
      if let deadline, deadline <= .now { return .asked }
      isBehind = try takeBatch()
      if let end = try flush() { return end }
    }
    return .asked
  }

  private mutating func drain() throws -> End {
    repeat {
      if let end = try flush() { return end }
    } while try takeBatch()
    return .asked
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
    for event in events where !hasEnough && selection.mayInclude(event) {
      let container = stream.container(of: event)
      guard selection.includes(container) else { continue }
      let record = EventRecord(
        event: event, container: container, time: WallTime(epoch: stream.epochTime(of: event.time)))
      writer.write(record, to: &output.bytes)
      shown += 1
    }
    lastTime = events.last?.time ?? lastTime
    let dropped = try stream.dropped()
    if dropped > droppedBefore {
      // Known after these events, and before those that there was room for since.
      writer.writeDropped(
        dropped - droppedBefore, time: WallTime(epoch: stream.epochTime(of: lastTime)), to: &output.bytes)
      droppedBefore = dropped
    }
    return !events.isEmpty
  }

  /// Writes what there is.
  ///
  /// - Returns: Why there is to be no more; nil where there may be.
  private mutating func flush() throws -> End? {
    switch output.flush(interruptedBy: stopDescriptor) {
    case .written: return nil
    case .closed: return .closed
    case .interrupted:
      _ = signals.wait(until: .now)
      return .asked
    case .failed(let error):
      throw ExporterError("cannot write to stdout: \(Errno.text(error))")
    }
  }

  private func summary(dropped: UInt64) -> String {
    let events = "pidns-exporter: \(shown) \(shown == 1 ? "event" : "events") shown, \(dropped) dropped"
    return dropped == 0
      ? events : events + ", for which the ring buffer had no room: raise --bpf.ring-buffer, or read faster"
  }
}

extension WallTime {
  /// - Parameter epoch: Nanoseconds since the epoch.
  fileprivate init(epoch: Int64) {
    let (seconds, nanoseconds) = epoch.quotientAndRemainder(dividingBy: 1_000_000_000)
    self.init(seconds: Int(seconds), nanoseconds: Int(nanoseconds))
  }
}
