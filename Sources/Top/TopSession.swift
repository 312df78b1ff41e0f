// SPDX-License-Identifier: Apache-2.0

package import LiveView
import Platform
import Terminal

/// A run of `top`: the source of samples, and the event loop around its ``View``.
///
/// Everything runs on one thread, except requests to an exporter. Therefore keys work while a request is
/// pending.
package struct TopSession: ~Copyable {
  /// The options of a run.
  package struct Options: Sendable {
    /// The URL of the exporter. nil means ``defaultURL``, or the kernel if no program listens there.
    package var url: String?
    /// The URL to try without ``url``.
    package var defaultURL: String
    /// The time between readings.
    package var interval: Duration
    /// The interval as the user wrote it.
    package var intervalText: String
    /// The initial sort order.
    package var order: Order
    /// The initial filter; empty for all rows.
    package var filter: String
    /// The limit of rows in the output for scripts; nil for all.
    package var limit: Int?

    /// Creates options.
    package init(
      url: String?, defaultURL: String, interval: Duration, intervalText: String, order: Order,
      filter: String = "", limit: Int? = nil
    ) {
      (self.url, self.defaultURL, self.interval) = (url, defaultURL, interval)
      (self.intervalText, self.order, self.filter, self.limit) = (intervalText, order, filter, limit)
    }
  }

  /// Reads the kernel and returns a sample; nil if there is none yet.
  package typealias KernelReader = () -> Sample?

  /// The time to wait after an ESC for the rest of a sequence.
  private static let escapeDelay = Duration.milliseconds(50)

  private let interval: Duration
  private let limit: Int?
  private let url: String
  private let client: any SampleClient
  /// Reads the kernel; nil if samples come from an exporter.
  private let readKernel: KernelReader?
  private var view: View
  private var isRequesting = false

  /// Selects the source and reads it for the first time. Blocks until the first result.
  ///
  /// - Parameters:
  ///   - client: Requests readings from the URL in the options.
  ///   - openKernel: Returns the function that reads the kernel. Called only if no exporter is the source.
  /// - Throws: `TopError` if no source is readable, and errors of `openKernel`.
  package init(
    _ options: Options, client: any SampleClient, openKernel: () throws -> KernelReader,
    _ events: inout some TopEvents & ~Copyable
  ) throws {
    let url = options.url ?? options.defaultURL
    let result = try Self.firstResult(options.url, url, client, &events)
    let readKernel = result == nil ? try openKernel() : nil
    self.init(options, url, client, readKernel)
    if let result { handle(result) } else { read(waking: events.waker) }
  }

  /// - Parameter readKernel: nil if the exporter at the URL is the source.
  private init(_ options: Options, _ url: String, _ client: any SampleClient, _ readKernel: KernelReader?) {
    (interval, limit, self.url) = (options.interval, options.limit, url)
    (self.client, self.readKernel) = (client, readKernel)
    view = View(
      source: readKernel == nil ? url : "the kernel of this host", interval: options.intervalText,
      order: options.order, filter: options.filter)
  }

  /// Returns the exporter's first result. Returns nil if no program listens at the default URL.
  private static func firstResult(
    _ givenURL: String?, _ url: String, _ client: any SampleClient,
    _ events: inout some TopEvents & ~Copyable
  ) throws -> Result<Sample, ExpositionFailure>? {
    client.request(waking: events.waker)
    while true {
      if let result = client.popResult() {
        guard case .failure(let failure) = result, failure.kind != .notReady else { return result }
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

  /// Shows the table until a key or a signal ends it, or the terminal closes.
  package mutating func run(
    _ events: inout some TopEvents & ~Copyable, on screen: inout some TopScreen & ~Copyable
  ) {
    screen.enter()
    defer { screen.leave() }
    var decoder = KeyDecoder()
    var next = ContinuousClock.now + interval
    while true {
      if let size = screen.size, !screen.write(view.screen(size)) { return }
      let longestWait = decoder.isUndecided ? Self.escapeDelay : .seconds(3600)
      let deadline = min(.now + longestWait, view.isPaused ? .now + longestWait : next)
      var keys: [Key] = []
      switch events.next(until: deadline) {
      case .input(let bytes): keys = decoder.decode(bytes)
      case .timeout: keys = decoder.flush()
      case .wakeUp: if let result = client.popResult() { handle(result) }
      case .resize: break
      case .suspend:
        screen.leave()
        events.suspend()
      case .resumption:
        // Restore the terminal first, in case another process left it in raw mode.
        screen.leave()
        screen.enter()
      case .stop, .inputEnd: return
      }
      for key in keys {
        switch view.handle(key) {
        case .quit: return
        case .resume: next = .now
        case .pause, .show: break
        }
      }
      if !view.isPaused && next <= .now {
        read(waking: events.waker)
        // If a sample needed more than the interval, skip the missed ones.
        next = max(next + interval, .now)
      }
    }
  }

  // MARK: For scripts

  /// Reads until rates are available, and returns the table. Blocks for at least one interval.
  ///
  /// - Parameter width: The width to cut lines to, in columns; nil for no limit.
  /// - Throws: `TopError` if the exporter fails meanwhile or a signal arrives.
  package mutating func tableOnce(_ events: inout some TopEvents & ~Copyable, width: Int?) throws -> String {
    var next = ContinuousClock.now + interval
    while !view.meter.hasRates {
      switch events.next(until: next) {
      case .wakeUp: if let result = client.popResult() { handle(result) }
      case .timeout:
        read(waking: events.waker)
        next = max(next + interval, .now)
      case .stop: throw Self.stopped
      default: break
      }
      if let failure { throw TopError("\(url) \(failure); check the exporter, and run the command again") }
    }
    return view.table(width: width, limit: limit)
  }

  // MARK: Readings

  /// The failure of the last reading; nil while the first one is pending.
  private var failure: ExpositionFailure?

  private mutating func read(waking waker: TerminalEvents.Waker) {
    if let readKernel {
      guard let sample = readKernel() else {
        view.problem = "the kernel cannot be read; trying again"
        return
      }
      handle(.success(sample))
    } else if isRequesting {
      view.problem = "waiting for a response"
    } else {
      isRequesting = true
      client.request(waking: waker)
    }
  }

  private mutating func handle(_ result: Result<Sample, ExpositionFailure>) {
    isRequesting = false
    failure = nil
    switch result {
    case .success(let sample):
      view.problem = nil
      view.meter.ingest(sample, at: Clock.bootSeconds)
    case .failure(let error):
      view.problem = "the exporter \(error); trying again"
      if error.kind != .notReady { failure = error }
    }
  }
}
