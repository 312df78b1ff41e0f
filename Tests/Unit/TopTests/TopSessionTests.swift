// SPDX-License-Identifier: Apache-2.0

import LiveView
import Synchronization
import Terminal
import Testing

@testable import Top

@Suite struct TopSessionTests {
  /// Answers in the order of the list.
  private final class ListedAnswers: ReadingClient {
    private let answers: Mutex<[Result<Reading, ExpositionFailure>]>
    let asked = Mutex(0)

    init(_ answers: [Result<Reading, ExpositionFailure>]) { self.answers = Mutex(answers) }

    func ask(ringing bell: TerminalEvents.Waker) { asked.withLock { $0 += 1 } }

    func popAnswer() -> Result<Reading, ExpositionFailure>? {
      answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
  }

  /// Comes in the order of the list, without waiting; then a stop.
  private struct ListedEvents: TopEvents {
    let bell = TerminalEvents.Waker()
    var events: [TerminalEvents.Event]
    let suspensions = Counter()

    mutating func next(until deadline: ContinuousClock.Instant) -> TerminalEvents.Event {
      events.isEmpty ? .stop : events.removeFirst()
    }
    func suspend() { suspensions.count += 1 }
  }

  private final class Counter { var count = 0 }

  private struct RecordedScreen: TopScreen {
    var size: Terminal.Size? = Terminal.Size(columns: 80, rows: 10)
    var calls: [String] = []
    var shown: [String] = []
    var isOpen = true

    mutating func enter() { calls.append("enter") }
    mutating func leave() { calls.append("leave") }
    mutating func write(_ text: String) -> Bool {
      shown.append(text)
      return isOpen
    }
  }

  private static func options(url: String? = nil) -> TopSession.Options {
    TopSession.Options(
      url: url, defaultURL: "http://default/metrics", interval: .zero, intervalText: "2s", order: Order(.exec)
    )
  }

  private static func reading(_ execs: Double, at time: Double) -> Reading {
    var reading = Reading()
    reading.time = time
    var entry = Reading.Entry()
    entry.events.execs = execs
    reading.namespaces[.init(pidns: "1", container: "web")] = entry
    return reading
  }

  private static let refused = ExpositionFailure(.refused, "refuses the connection")

  private static func noKernel() throws -> TopSession.KernelReader { throw TopError("kernel opened") }

  @Test("With an exporter, the kernel is not opened, and the table has rates after two readings")
  func exporter() throws {
    let client = ListedAnswers([.success(Self.reading(10, at: 1)), .success(Self.reading(14, at: 3))])
    var events = ListedEvents(events: [.timeout, .bell])
    var session = try TopSession(Self.options(), client: client, openKernel: Self.noKernel, &events)
    let table = try session.tableOnce(&events, width: nil)
    #expect(table.contains(/web .*2\.0/))
    #expect(client.asked.withLock { $0 } == 2)
  }

  @Test("If nobody listens at the default URL, the kernel is read")
  func kernel() throws {
    let client = ListedAnswers([.failure(Self.refused)])
    var events = ListedEvents(events: [])
    let reads = Counter()
    var session = try TopSession(
      Self.options(), client: client,
      openKernel: {
        {
          reads.count += 1
          return nil
        }
      }, &events)
    #expect(reads.count == 1)
    var screen = RecordedScreen()
    session.run(&events, on: &screen)
    #expect(screen.shown.last?.contains("the kernel cannot be read; trying again") == true)
    #expect(screen.calls == ["enter", "leave"])
  }

  @Test("If nobody listens at the given URL, that is an error, and the kernel is not opened")
  func refusedURL() {
    var events = ListedEvents(events: [])
    let client = ListedAnswers([.failure(Self.refused)])
    do {
      _ = try TopSession(Self.options(url: "http://a/"), client: client, openKernel: Self.noKernel, &events)
      Issue.record("the session began")
    } catch {
      #expect(
        "\(error)"
          == "http://a/ refuses the connection; give the URL of an exporter's metrics with --url")
    }
  }

  @Test("A stop before the first answer, or before there are rates, is an error")
  func stopped() throws {
    var events = ListedEvents(events: [])
    do {
      _ = try TopSession(Self.options(), client: ListedAnswers([]), openKernel: Self.noKernel, &events)
      Issue.record("the session began")
    } catch { #expect("\(error)" == "stopped by a signal before the first result") }
    var session = try TopSession(
      Self.options(), client: ListedAnswers([.success(Self.reading(1, at: 1))]), openKernel: Self.noKernel,
      &events)
    do {
      _ = try session.tableOnce(&events, width: nil)
      Issue.record("there was a table")
    } catch { #expect("\(error)" == "stopped by a signal before the first result") }
  }

  @Test("An exporter that fails later ends a table for scripts, and is named on the screen")
  func failsLater() throws {
    let answers: [Result<Reading, ExpositionFailure>] = [
      .success(Self.reading(1, at: 1)), .failure(Self.refused),
    ]
    var events = ListedEvents(events: [.timeout, .bell])
    var session = try TopSession(
      Self.options(), client: ListedAnswers(answers), openKernel: Self.noKernel, &events)
    do {
      _ = try session.tableOnce(&events, width: nil)
      Issue.record("there was a table")
    } catch { #expect("\(error)" == "http://default/metrics refuses the connection") }

    events = ListedEvents(events: [.bell])
    session = try TopSession(
      Self.options(), client: ListedAnswers(answers), openKernel: Self.noKernel, &events)
    var screen = RecordedScreen()
    session.run(&events, on: &screen)
    #expect(screen.shown.last?.contains("the exporter refuses the connection; trying again") == true)
  }

  @Test("Ctrl-Z leaves the terminal before the process stops; q ends the run")
  func suspends() throws {
    var events = ListedEvents(events: [.suspend, .resumption, .input([UInt8(ascii: "q")]), .suspend])
    var session = try TopSession(
      Self.options(), client: ListedAnswers([.success(Self.reading(1, at: 1))]), openKernel: Self.noKernel,
      &events)
    var screen = RecordedScreen()
    session.run(&events, on: &screen)
    #expect(screen.calls == ["enter", "leave", "leave", "enter", "leave"])
    #expect(events.suspensions.count == 1 && events.events == [.suspend])
  }

  @Test("A terminal that is gone ends the run")
  func gone() throws {
    var events = ListedEvents(events: [.timeout, .timeout])
    var session = try TopSession(
      Self.options(), client: ListedAnswers([.success(Self.reading(1, at: 1))]), openKernel: Self.noKernel,
      &events)
    var screen = RecordedScreen()
    screen.isOpen = false
    session.run(&events, on: &screen)
    #expect(screen.shown.count == 1 && events.events.count == 2)
  }
}
