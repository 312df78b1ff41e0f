// SPDX-License-Identifier: Apache-2.0

import Containers
import Harness
import LibBPF
import Logging
import MetricsHTTP
import Namespaces
import Probe
import Testing

@testable import Exporter

/// What the exporter notices of itself.
@Suite struct SelfWatchTests {
  private let start = SuspendingClock.now

  @Test("Polling has stopped after two minutes of silence, if ten more seconds change nothing")
  func silence() {
    var silence = PollingSilence(at: start)
    #expect(silence.duration(at: start + .seconds(120)) == nil)
    #expect(silence.duration(at: start + .seconds(121)) == nil)
    #expect(silence.duration(at: start + .seconds(130)) == nil)
    #expect(silence.duration(at: start + .seconds(131)) == .seconds(131))
    silence.end(at: start + .seconds(132))
    #expect(silence.duration(at: start + .seconds(200)) == nil)
  }

  @Test("A process that was stopped for an hour is given time for its next heartbeat")
  func stoppedProcess() {
    var silence = PollingSilence(at: start)
    #expect(silence.duration(at: start + .seconds(3600)) == nil)
    silence.end(at: start + .seconds(3601))
    #expect(silence.duration(at: start + .seconds(3615)) == nil)
    // Each silence is noticed anew.
    #expect(silence.duration(at: start + .seconds(9000)) == nil)
  }

  private func reading(_ seconds: Double, suspended: Double = 0, set: Double = 0) -> ClockWatch.Reading {
    ClockWatch.Reading(
      monotonic: Int64(seconds * 1e9), boot: Int64((seconds + suspended) * 1e9),
      bootEpoch: Int64((500 + set) * 1e9))
  }

  @Test("A clock that was set, a suspend and a late poll are told apart")
  func clocks() {
    var watch = ClockWatch()
    let interval = Duration.seconds(1)
    #expect(watch.compare(with: reading(100), interval: interval) == [])
    #expect(watch.compare(with: reading(101), interval: interval) == [])
    #expect(watch.compare(with: reading(102, set: 0.9), interval: interval) == [])
    #expect(watch.compare(with: reading(103, set: -3600), interval: interval) == [.clockSet(-3600.9)])
    #expect(watch.compare(with: reading(104, set: -3600), interval: interval) == [])
    #expect(
      watch.compare(with: reading(105, suspended: 7200, set: -3600), interval: interval) == [.suspended(7200)]
    )
    #expect(watch.compare(with: reading(115, suspended: 7200, set: -3600), interval: interval) == [])
    #expect(watch.compare(with: reading(175, suspended: 7200, set: -3600), interval: interval) == [.late(60)])
    #expect(
      watch.compare(with: reading(300, suspended: 7300, set: 0), interval: interval)
        == [.clockSet(3600), .suspended(100), .late(125)])
  }

  @Test("With long intervals, polls are late after ten of them")
  func longIntervals() {
    var watch = ClockWatch()
    _ = watch.compare(with: reading(100), interval: .seconds(300))
    #expect(watch.compare(with: reading(3000), interval: .seconds(300)) == [])
    #expect(watch.compare(with: reading(6001), interval: .seconds(300)) == [.late(3001)])
  }

  @Test("Programs that do not count are found by a thread that is missing, and found again")
  func counting() {
    var check = CountingCheck()
    var (kernel, counted, threads) = (UInt64(1000), UInt64(10), 0)
    var countsThreads = true
    func poll(_ times: Int) {
      for _ in 0..<times {
        check.compare(counted: counted, kernelForks: { kernel }) {
          threads += 1
          if countsThreads { counted += 1 }
          return true
        }
      }
    }
    poll(61)
    // A quiet machine, and one on which all is counted.
    kernel += 20
    poll(60)
    (kernel, counted) = (kernel + 1000, counted + 900)
    poll(60)
    #expect(check.isCounting && threads == 0)
    // Threads of io_uring are no events.
    kernel += 1000
    poll(120)
    #expect(check.isCounting && threads == 1)
    countsThreads = false
    kernel += 1000
    poll(120)
    #expect(!check.isCounting)
    countsThreads = true
    poll(2)
    #expect(check.isCounting)
    let before = threads
    poll(10)
    #expect(threads == before)
  }

  @Test("Without the kernel's number, and without threads, nothing is reported")
  func unknown() {
    var check = CountingCheck()
    var reads = 0
    func unknown() -> UInt64? {
      reads += 1
      return nil
    }
    for _ in 0..<200 { check.compare(counted: 5, kernelForks: unknown, startThread: { true }) }
    #expect(reads == 4)
    var kernel: UInt64 = 0
    for _ in 0..<200 {
      kernel += 100
      check.compare(counted: 5, kernelForks: { kernel }, startThread: { false })
    }
    #expect(check.isCounting)
    #expect(CountingCheck.kernelForks() ?? 0 > 1)
  }

  @Test("The kernel's number is found behind the lines of thousands of CPUs and interrupts")
  func manyCPUs() throws {
    let folder = try TemporaryFolder()
    let cpus = (0..<8192).map { "cpu\($0) 1000000 0 1000000 100000000 10000 0 10000 0 0 0\n" }.joined()
    let interrupts = String(repeating: " 100000", count: 20_000)
    try folder.write("cpu 1 2 3\n\(cpus)intr 5\(interrupts)\nctxt 9\nprocesses 4711\n", to: "stat")
    #expect(CountingCheck.kernelForks(in: folder["stat"]) == 4711)
  }

  @Test("Disturbances are counted, and in the line of health for five minutes")
  func disturbances() {
    let lines = LogLines()
    let logger = Logger(label: "") { _ in LogLines.Handler(lines: lines) }
    var watch = DisturbanceWatch(interval: .seconds(1))
    let start = ContinuousClock.now
    func check(_ second: Double, suspended: Double = 0, set: Double = 0, cpus: String = "0-1") {
      watch.check(
        logger, reading(second, suspended: suspended, set: set), at: start + .seconds(second),
        onlineCPUs: { cpus })
    }
    for second in 0..<60 { check(Double(second)) }
    #expect(watch.counts == [:] && watch.recent(at: start) == [])
    check(60, cpus: "0")
    check(80)
    check(81, set: 5)
    check(82, suspended: 7, set: 5)
    #expect(watch.counts == [.cpusChanged: 1, .latePoll: 1, .clockSet: 1, .suspended: 1])
    #expect(lines.all.count == 4)
    let recent = watch.recent(at: start + .seconds(82))
    #expect(recent == Disturbance.allCases)
    #expect(
      HealthReport.line([], recent: recent)
        == "Healthy. In the last five minutes: the wall clock was set; CPUs went online or offline; a poll was late; the machine was suspended"
    )
    #expect(
      HealthReport.line(["polls fail"], recent: [.latePoll])
        == "Running, with problems: polls fail. In the last five minutes: a poll was late")
    #expect(watch.recent(at: start + .seconds(380.5)) == [.clockSet, .suspended])
    #expect(watch.recent(at: start + .seconds(400)) == [])
  }

  @Test("/-/healthy names problems, and is 200 while polls fail")
  func healthLine() {
    let monitor = PollingMonitor()
    let route = HealthRoute(publications: PublicationStore(), monitor: monitor)
    #expect(route.state() == ("Healthy", 200))
    var watch = SelfWatch(monitor, interval: .seconds(1), service: nil)
    // The first poll fails: nothing is published.
    var snapshot = Snapshot()
    snapshot.failure = BPFError("read", errno: 24)
    var pins: PinWatch?
    watch.check(&snapshot, &pins, countsAll: false, Logger(label: "") { _ in SwiftLogNoOpLogHandler() })
    #expect(route.state() == ("Running, with problems: polls fail", 200))
    snapshot.isCounting = false
    snapshot.lacksPins = true
    monitor.record(HealthReport.line(HealthReport.problems(of: snapshot)))
    #expect(
      route.state() == (
        "Running, with problems: polls fail; BPF programs do not count; pins are missing", 200
      ))
  }

  @Test(
    "An API server without an answer is in the line while it lasts, liveness stays 200, and the log has one line of each"
  )
  func silentAPIServer() throws {
    let lines = LogLines()
    let logger = Logger(label: "") { _ in LogLines.Handler(lines: lines) }
    var polls = PollHealthLogger()
    var watch = PodWatchStatus()
    func answer(isHealthy: Bool) -> (line: String, status: Int) {
      watch.isHealthy = isHealthy
      var snapshot = Snapshot()
      snapshot.podWatch = watch
      polls.report(snapshot, logger)
      let monitor = PollingMonitor()
      monitor.record(HealthReport.line(HealthReport.problems(of: snapshot)))
      return HealthRoute(publications: PublicationStore(), monitor: monitor).state()
    }
    let problem = ("Running, with problems: pod watch fails", 200)
    // Before its first answer the watch itself logs what fails.
    #expect(answer(isHealthy: false) == problem)
    #expect(answer(isHealthy: true) == ("Healthy", 200))
    #expect(lines.all.isEmpty)
    for _ in 0..<3 { #expect(answer(isHealthy: false) == problem) }
    #expect(lines.all.count == 1)
    #expect(lines.all.first?.hasPrefix("pod watch got no response in time") == true)
    #expect(answer(isHealthy: true) == ("Healthy", 200))
    #expect(lines.all.count == 2 && lines.all.last == "pod watch succeeds again")
    // A failure is logged by the watch.
    watch.errors[.server] = 1
    #expect(answer(isHealthy: false) == problem)
    #expect(lines.all.count == 2)
  }

  @Test(
    "A polling thread that has stopped: 503, pages with pidns_up 0, one error; and all is as before when it continues"
  )
  func stopped() throws {
    let lines = LogLines()
    let monitor = PollingMonitor(PollingSilence(at: start, limit: .zero, grace: .zero))
    let publications = PublicationStore()
    let route = HealthRoute(
      publications: publications, monitor: monitor,
      logger: Logger(label: "") { _ in LogLines.Handler(lines: lines) })
    let features = FeatureSet(collectors: [], showsLifetimesPerNamespace: false)
    publications.put(PublishedSnapshot(Snapshot(), features: features))
    // The first check only allows more time for a heartbeat.
    #expect(route.state() == ("Healthy", 200))
    #expect(route.state().status == 503)
    #expect(route.state().line.hasPrefix("Not healthy: polling has stopped "))
    route.markIfStopped()
    route.markIfStopped()
    #expect(publications.newest?.snapshot.failure?.operation == "polling has stopped")
    monitor.recordHeartbeat()
    publications.put(PublishedSnapshot(Snapshot(), features: features))
    #expect(route.state() == ("Healthy", 200))
    #expect(publications.newest?.snapshot.failure == nil)
    #expect(lines.all.count == 2)
    #expect(lines.all.first?.hasPrefix("polling has stopped; serving the last poll") == true)
    #expect(lines.all.last == "polling continues")
  }
}
