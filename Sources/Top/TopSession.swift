// SPDX-License-Identifier: Apache-2.0

package import LiveView
import Platform
import Terminal

/// A run of `top`: where its readings come from, and the loop around its ``View``.
///
/// All of it is on one thread; only an exporter is asked on another one, so that keys are heard while it takes its time.
package struct TopSession: ~Copyable {
  /// What is shown, and from where.
  package struct Options: Sendable {
    /// Where an exporter is asked; nil for ``defaultURL``, and for the kernel if nobody listens there.
    package var url: String?
    package var defaultURL: String
    package var interval: Duration
    /// The interval as it was written.
    package var intervalText: String
    package var order: Order
    package var filter: String
    /// The number of rows of a table for scripts; nil for all.
    package var limit: Int?

    package init(
      url: String?, defaultURL: String, interval: Duration, intervalText: String, order: Order,
      filter: String = "", limit: Int? = nil
    ) {
      (self.url, self.defaultURL, self.interval) = (url, defaultURL, interval)
      (self.intervalText, self.order, self.filter, self.limit) = (intervalText, order, filter, limit)
    }
  }

  /// Reads the kernel, and returns an exposition; nil if there is none yet.
  package typealias KernelReader = () -> [UInt8]?

  /// How long an ESC waits for the rest of a key's sequence.
  private static let escapeDelay = Duration.milliseconds(50)

  private let interval: Duration
  private let limit: Int?
  private let url: String
  private let client: any ReadingClient
  /// Reads the kernel, if no exporter is asked.
  private let readKernel: KernelReader?
  private var view: View
  private var isAsking = false

  /// Finds out where to read, and reads for the first time.
  ///
  /// - Parameters:
  ///   - client: Asks the exporter at the URL of the options.
  ///   - openKernel: Returns what reads the kernel; called only if no exporter is asked.
  /// - Throws: `TopError`, or what `openKernel` throws, if there is nothing to read.
  package init(
    _ options: Options, client: any ReadingClient, openKernel: () throws -> KernelReader,
    _ events: inout some TopEvents & ~Copyable
  ) throws {
    let url = options.url ?? options.defaultURL
    let answer = try Self.firstAnswer(options.url, url, client, &events)
    let readKernel = answer == nil ? try openKernel() : nil
    interval = options.interval
    limit = options.limit
    view = View(
      source: answer == nil ? "the kernel of this host" : url, interval: options.intervalText,
      order: options.order, filter: options.filter)
    self.url = url
    self.client = client
    self.readKernel = readKernel
    if let answer { handle(answer) } else { read(ringing: events.bell) }
  }

  /// The exporter's first answer; nil where nobody listens and none was asked for.
  private static func firstAnswer(
    _ givenURL: String?, _ url: String, _ client: any ReadingClient,
    _ events: inout some TopEvents & ~Copyable
  ) throws -> Result<Reading, ExpositionFailure>? {
    client.ask(ringing: events.bell)
    while true {
      if let answer = client.popAnswer() {
        guard case .failure(let failure) = answer, failure.kind != .notReady else { return answer }
        if givenURL == nil && failure.kind == .refused { return nil }
        throw TopError("\(url) \(failure); give the URL of an exporter's metrics with --url")
      }
      if events.next(until: .now + .seconds(60)) == .stop { throw Self.stopped }
    }
  }

  private static var stopped: TopError {
    TopError("stopped by a signal before the first result")
  }

  // MARK: On a terminal

  /// Shows the table until a key, a signal, or the end of the terminal.
  package mutating func run(
    _ events: inout some TopEvents & ~Copyable, on screen: inout some TopScreen & ~Copyable
  ) {
    screen.enter()
    defer { screen.leave() }
    var decoder = KeyDecoder()
    var next = ContinuousClock.now + interval
    while true {
      if let size = screen.size, !screen.write(view.screen(size)) { return }
      let patience = decoder.isUndecided ? Self.escapeDelay : .seconds(3600)
      let deadline = min(.now + patience, view.isPaused ? .now + patience : next)
      var keys: [Key] = []
      switch events.next(until: deadline) {
      case .input(let bytes): keys = decoder.decode(bytes)
      case .timeout: keys = decoder.flush()
      case .bell: if let answer = client.popAnswer() { handle(answer) }
      case .resize: break
      case .suspend:
        screen.leave()
        events.suspend()
      case .resumption:
        // First as it was, if this process was not the one that left it.
        screen.leave()
        screen.enter()
      case .stop, .inputEnd: return
      }
      for key in keys {
        switch view.handle(key) {
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

  /// Reads until there are rates, and returns the table.
  ///
  /// - Parameter width: Of the table; nil for as wide as it is.
  /// - Throws: `TopError` if the exporter fails meanwhile, or a signal comes.
  package mutating func tableOnce(_ events: inout some TopEvents & ~Copyable, width: Int?) throws -> String {
    var next = ContinuousClock.now + interval
    while !view.meter.hasRates {
      switch events.next(until: next) {
      case .bell: if let answer = client.popAnswer() { handle(answer) }
      case .timeout:
        read(ringing: events.bell)
        next = max(next + interval, .now)
      case .stop: throw Self.stopped
      default: break
      }
      if let failure { throw TopError("\(url) \(failure)") }
    }
    return view.table(width: width, limit: limit)
  }

  // MARK: Readings

  /// What failed the last time; not that there is nothing yet.
  private var failure: ExpositionFailure?

  private mutating func read(ringing bell: TerminalEvents.Waker) {
    if let readKernel {
      guard let bytes = readKernel() else {
        view.trouble = "the kernel cannot be read; trying again"
        return
      }
      handle(ExpositionClient.parse(bytes))
    } else if isAsking {
      view.trouble = "waiting for an answer"
    } else {
      isAsking = true
      client.ask(ringing: bell)
    }
  }

  private mutating func handle(_ answer: Result<Reading, ExpositionFailure>) {
    isAsking = false
    failure = nil
    switch answer {
    case .success(let reading):
      view.trouble = nil
      view.meter.ingest(reading, at: Clock.bootSeconds)
    case .failure(let error):
      view.trouble = "the exporter \(error); trying again"
      if error.kind != .notReady { failure = error }
    }
  }
}
