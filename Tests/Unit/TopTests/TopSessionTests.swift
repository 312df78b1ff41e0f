// SPDX-License-Identifier: Apache-2.0

import LiveView
import Synchronization
import Terminal
import Testing

@testable import Top

@Suite struct TopSessionTests {
  /// Returns samples in the order of the list.
  private final class ListedAnswers: SampleClient {
    private let answers: Mutex<[Result<Sample, ExpositionFailure>]>
    let asked = Mutex(0)

    init(_ answers: [Result<Sample, ExpositionFailure>]) { self.answers = Mutex(answers) }

    func request(waking waker: TerminalEvents.Waker) { asked.withLock { $0 += 1 } }

    func popResult() -> Result<Sample, ExpositionFailure>? {
      answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
  }

  /// Returns events in the order of the list, without waiting; then a stop.
  private struct ListedEvents: TopEvents {
    let waker = TerminalEvents.Waker()
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

  private static func sample(_ execs: Double, at time: Double) -> Sample {
    var sample = Sample()
    sample.time = time
    var entry = Sample.Entry()
    entry.events.execs = execs
    sample.namespaces[.init(pidns: "1", container: "web")] = entry
    return sample
  }

  private static let refused = ExpositionFailure(.refused, "refuses the connection")

  private static func noKernel() throws -> TopSession.KernelReader { throw TopError("kernel opened") }

  @Test("With an exporter, top does not load programs, and shows rates after two samples")
  func exporter() throws {
    let client = ListedAnswers([.success(Self.sample(10, at: 1)), .success(Self.sample(14, at: 3))])
    var events = ListedEvents(events: [.timeout, .wakeUp])
    var session = try TopSession(Self.options(), client: client, openKernel: Self.noKernel, &events)
    let table = try session.tableOnce(&events, width: nil)
    #expect(table.contains(/web .*2\.0/))
    #expect(client.asked.withLock { $0 } == 2)
  }

  @Test("If the default URL does not respond, top counts in its own process")
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

  @Test("If the given URL does not respond, top fails and loads no programs")
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

  @Test("A stop before the first response, or before there are rates, is an error")
  func stopped() throws {
    var events = ListedEvents(events: [])
    do {
      _ = try TopSession(Self.options(), client: ListedAnswers([]), openKernel: Self.noKernel, &events)
      Issue.record("the session began")
    } catch { #expect("\(error)" == "stopped by a signal before the first result") }
    var session = try TopSession(
      Self.options(), client: ListedAnswers([.success(Self.sample(1, at: 1))]), openKernel: Self.noKernel,
      &events)
    do {
      _ = try session.tableOnce(&events, width: nil)
      Issue.record("there was a table")
    } catch { #expect("\(error)" == "stopped by a signal before the first result") }
  }

  @Test("An exporter that fails later ends a table for scripts; the screen reports it")
  func failsLater() throws {
    let answers: [Result<Sample, ExpositionFailure>] = [
      .success(Self.sample(1, at: 1)), .failure(Self.refused),
    ]
    var events = ListedEvents(events: [.timeout, .wakeUp])
    var session = try TopSession(
      Self.options(), client: ListedAnswers(answers), openKernel: Self.noKernel, &events)
    do {
      _ = try session.tableOnce(&events, width: nil)
      Issue.record("there was a table")
    } catch {
      #expect(
        "\(error)"
          == "http://default/metrics refuses the connection; check the exporter, and run the command again")
    }

    events = ListedEvents(events: [.wakeUp])
    session = try TopSession(
      Self.options(), client: ListedAnswers(answers), openKernel: Self.noKernel, &events)
    var screen = RecordedScreen()
    session.run(&events, on: &screen)
    #expect(screen.shown.last?.contains("the exporter refuses the connection; trying again") == true)
  }

  @Test("Ctrl-Z restores the terminal before the process stops; q ends the run")
  func suspends() throws {
    var events = ListedEvents(events: [.suspend, .resumption, .input([UInt8(ascii: "q")]), .suspend])
    var session = try TopSession(
      Self.options(), client: ListedAnswers([.success(Self.sample(1, at: 1))]), openKernel: Self.noKernel,
      &events)
    var screen = RecordedScreen()
    session.run(&events, on: &screen)
    #expect(screen.calls == ["enter", "leave", "leave", "enter", "leave"])
    #expect(events.suspensions.count == 1 && events.events == [.suspend])
  }

  @Test("A closed terminal ends the run")
  func gone() throws {
    var events = ListedEvents(events: [.timeout, .timeout])
    var session = try TopSession(
      Self.options(), client: ListedAnswers([.success(Self.sample(1, at: 1))]), openKernel: Self.noKernel,
      &events)
    var screen = RecordedScreen()
    screen.isOpen = false
    session.run(&events, on: &screen)
    #expect(screen.shown.count == 1 && events.events.count == 2)
  }
}
