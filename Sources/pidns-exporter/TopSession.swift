// SPDX-License-Identifier: Apache-2.0

import Exporter
import LiveView
import Platform
import Terminal
import Text
import Top

/// A run of `top`: where its readings come from, and the loop around its ``View``.
///
/// All of it is on one thread; only an exporter is asked on another one, so that keys are heard while it takes its time.
struct TopSession: ~Copyable {
  /// How long an ESC waits for the rest of a key's sequence.
  private static let escapeDelay = Duration.milliseconds(50)

  private let interval: Duration
  private let limit: Int?
  private let url: String
  private let client: ExpositionClient
  /// The kernel, where no exporter is asked.
  private var counting: CounterPipeline?
  private var view: View
  private var isAsking = false

  /// Finds out where to read, and reads for the first time.
  ///
  /// - Throws: `ExporterError`, `KubernetesError` where there is nothing to read.
  init(_ command: TopCommand, _ events: inout TerminalEvents) throws {
    let url = command.table.url ?? TopCommand.defaultURL
    let client = ExpositionClient(url: url)
    let answer = try Self.firstAnswer(command, url, client, &events)
    let counting = answer == nil ? try Self.kernel(command, url) : nil
    interval = command.table.interval.duration
    limit = command.table.limit
    view = View(
      source: answer == nil ? "the kernel of this host" : url, interval: command.table.interval.description,
      order: Order(command.table.sort), filter: command.table.filter)
    self.url = url
    self.client = client
    self.counting = counting
    if let answer { take(answer) } else { read(ringing: events.bell) }
  }

  private static func kernel(_ command: TopCommand, _ url: String) throws -> CounterPipeline {
    do {
      return try command.counting()
    } catch let error as ExporterError {
      throw ExporterError("no exporter listens at \(url), and the kernel cannot be read: \(error)")
    }
  }

  /// The exporter's first answer; nil where nobody listens and none was asked for.
  private static func firstAnswer(
    _ command: TopCommand, _ url: String, _ client: ExpositionClient, _ events: inout TerminalEvents
  ) throws -> Result<Reading, ExpositionFailure>? {
    client.ask(ringing: events.bell)
    while true {
      if let answer = client.takeAnswer() {
        guard case .failure(let failure) = answer, failure.kind != .notReady else { return answer }
        if command.table.url == nil && failure.kind == .refused { return nil }
        throw ExporterError("\(url) \(failure); give the URL of an exporter's metrics with --url")
      }
      if events.next(until: .now + .seconds(60)) == .stop { throw Self.stopped }
    }
  }

  private static var stopped: ExporterError {
    ExporterError("stopped by a signal before the first result")
  }

  // MARK: On a terminal

  /// Shows the table until a key, a signal, or the end of the terminal.
  mutating func run(_ events: inout TerminalEvents) {
    var terminal = RawMode(input: 0, output: 1)
    var decoder = KeyDecoder()
    var next = ContinuousClock.now + interval
    while true {
      if let size = Terminal.size(of: 1), terminal?.write(view.screen(size)) == false { return }
      let patience = decoder.isUndecided ? Self.escapeDelay : .seconds(3600)
      let deadline = min(.now + patience, view.isPaused ? .now + patience : next)
      var keys: [Key] = []
      switch events.next(until: deadline) {
      case .input(let bytes): keys = decoder.take(bytes)
      case .timeout: keys = decoder.flush()
      case .bell: if let answer = client.takeAnswer() { take(answer) }
      case .resize: break
      case .suspend:
        terminal = nil
        events.suspend()
      case .resumption:
        // First as it was, if this process was not the one that left it.
        terminal = nil
        terminal = RawMode(input: 0, output: 1)
      case .stop, .inputEnd: return
      }
      for key in keys {
        switch view.take(key) {
        case .quit: return
        case .goOn: next = .now
        case .pause, .show: break
        }
      }
      if !view.isPaused && next <= .now {
        read(ringing: events.bell)
        // A reading that took longer than the interval does not make the next ones come in a burst.
        next = max(next + interval, .now)
      }
    }
  }

  // MARK: For scripts

  /// Reads until there are rates, and answers the table.
  ///
  /// - Throws: `ExporterError` where the exporter fails meanwhile, or a signal comes.
  mutating func tableOnce(_ events: inout TerminalEvents) throws -> String {
    var next = ContinuousClock.now + interval
    while !view.meter.hasRates {
      switch events.next(until: next) {
      case .bell: if let answer = client.takeAnswer() { take(answer) }
      case .timeout:
        read(ringing: events.bell)
        next = max(next + interval, .now)
      case .stop: throw Self.stopped
      default: break
      }
      if let failure { throw ExporterError("\(url) \(failure)") }
    }
    let width = Terminal.isTerminal(1) ? Terminal.size(of: 1)?.columns : nil
    return view.table(width: width, limit: limit)
  }

  // MARK: Readings

  /// What failed the last time; not that there is nothing yet.
  private var failure: ExpositionFailure?

  private mutating func read(ringing bell: TerminalEvents.Waker) {
    if counting != nil {
      guard let bytes = counting?.exposition() else {
        view.trouble = "the kernel cannot be read; trying again"
        return
      }
      take(ExpositionClient.parse(bytes))
    } else if isAsking {
      view.trouble = "waiting for an answer"
    } else {
      isAsking = true
      client.ask(ringing: bell)
    }
  }

  private mutating func take(_ answer: Result<Reading, ExpositionFailure>) {
    isAsking = false
    failure = nil
    switch answer {
    case .success(let reading):
      view.trouble = nil
      view.meter.take(reading, at: Clock.bootSeconds)
    case .failure(let error):
      view.trouble = "the exporter \(error); trying again"
      if error.kind != .notReady { failure = error }
    }
  }
}
