// SPDX-License-Identifier: Apache-2.0

import Glibc
import Harness
import Logging
import Testing

@testable import Exporter
@testable import Platform

@Suite struct ServiceManagerTests {
  private func environment(_ address: String, _ more: [String: String] = [:]) -> [String: String] {
    ["NOTIFY_SOCKET": address].merging(more) { $1 }
  }

  @Test("A message reaches the manager, at a path and at an abstract name")
  func addresses() throws {
    let folder = try TemporaryFolder()
    for name in [folder["notify"], "@pidns-test-\(getpid())"] {
      let manager = try NotifySocket(name)
      let service = try ServiceManager.connect(environment(name), pid: 7)
      switch service {
      case .some(let service):
        let isSent = service.send("READY=1\nSTATUS=é")
        #expect(isSent)
      case .none: Issue.record("not connected")
      }
      #expect(manager.messages() == ["READY=1\nSTATUS=é"])
    }
  }

  @Test("Without a manager there is none; an address that cannot be used is an error")
  func unusable() throws {
    #expect(try isConnected([:]) == false)
    #expect(try isConnected(environment("")) == false)
    for (address, reason) in [
      ("vsock:2:1234", "no unix socket"), ("/" + String(repeating: "a", count: 107), "too long"),
      ("/nonexistent/notify", "No such file or directory"),
    ] {
      let error = #expect(throws: ServiceManager.Failure.self) { try isConnected(environment(address)) }
      #expect(error?.description.contains(reason) == true, "\(address)")
    }
  }

  private func isConnected(_ environment: [String: String]) throws(ServiceManager.Failure) -> Bool {
    switch try ServiceManager.connect(environment, pid: 7) {
    case .some: true
    case .none: false
    }
  }

  @Test("The watchdog is of this process, and has a positive time")
  func watchdog() {
    func time(_ environment: [String: String]) -> Duration? { ServiceManager.watchdog(environment, pid: 7) }
    #expect(time(["WATCHDOG_USEC": "120000000"]) == .seconds(120))
    #expect(time(["WATCHDOG_USEC": "5000", "WATCHDOG_PID": "7"]) == .milliseconds(5))
    #expect(time(["WATCHDOG_USEC": "5000", "WATCHDOG_PID": "8"]) == nil)
    #expect(time(["WATCHDOG_USEC": "0"]) == nil)
    #expect(time(["WATCHDOG_USEC": "x"]) == nil)
    #expect(time([:]) == nil)
  }

  @Test("Readiness is reported once, a status when it changes, and heartbeats as the watchdog needs them")
  func reports() throws {
    let folder = try TemporaryFolder()
    let manager = try NotifySocket(folder["notify"])
    let connected = try ServiceManager.connect(
      environment(folder["notify"], ["WATCHDOG_USEC": "3600000000"]), pid: 7)
    guard let service = connected else { throw TestFailure("not connected") }
    var reporter = ServiceReporter(service)
    let interval = reporter.interval
    #expect(interval == .seconds(900))
    reporter.report(isReady: false, status: "polls fail")
    #expect(manager.messages() == ["STATUS=polls fail", "WATCHDOG=1"])
    reporter.report(isReady: true, status: "Healthy")
    #expect(manager.messages() == ["READY=1\nSTATUS=Healthy"])
    reporter.report(isReady: true, status: "Healthy")
    reporter.sendHeartbeat()
    #expect(manager.messages() == [])
    reporter.stop()
    #expect(manager.messages() == ["STOPPING=1\nSTATUS=Stopping"])
  }

  @Test("A manager that does not read delays nothing, and gets readiness later")
  func full() throws {
    let folder = try TemporaryFolder()
    let manager = try NotifySocket(folder["notify"])
    let connected = try ServiceManager.connect(environment(folder["notify"]), pid: 7)
    guard let service = connected else { throw TestFailure("not connected") }
    while service.send("STATUS=full") {}
    var reporter = ServiceReporter(service)
    reporter.report(isReady: true, status: "Healthy")
    #expect(!manager.messages().contains { $0.contains("READY=1") })
    reporter.report(isReady: true, status: "Healthy")
    #expect(manager.messages().first == "READY=1\nSTATUS=Healthy")
  }
}
