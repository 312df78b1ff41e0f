// SPDX-License-Identifier: Apache-2.0

import Foundation
import Platform
import Synchronization
import Testing

@testable import Exporter
@testable import MetricsHTTP

/// Wrong passwords as fast as clients send them, beside a scraper. Counts comparisons instead of time.
@Suite struct WebPasswordQueueTests {
  /// Comparisons that wait until the test lets them continue.
  private final class Comparisons: Sendable {
    private let passwords = Mutex<[String]>([])
    private let gate = Platform.Semaphore()

    var compared: [String] { passwords.withLock { $0 } }

    /// Lets a number of comparisons finish.
    func allow(_ count: Int) { for _ in 0..<count { gate.signal() } }

    func compare(_ password: [UInt8]) -> Bool {
      let text = String(decoding: password, as: UTF8.self)
      passwords.withLock { $0.append(text) }
      gate.wait()
      return text == "secret"
    }
  }

  private func eventually(_ what: Comment, _ holds: () throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(600)
    while try !holds() {
      try #require(ContinuousClock.now < deadline, what)
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test("A scraper waits for at most one comparison of others, and for none once its password was right")
  func delay() async throws {
    let comparisons = Comparisons()
    let checker = PasswordChecker { password, _ in comparisons.compare(password) }
    let served = try ServedWebConfig(
      "basic_auth_users:\n  alice: \(ServedWebConfig.hash)\n  carol: \(ServedWebConfig.hash)\n",
      passwords: checker)
    let url = "http://127.0.0.1:\(served.port)/metrics"

    /// Sends requests of a user from an address at once.
    func send(_ count: Int, _ user: String, from address: String) throws -> Clients {
      try Clients(url, count: count, user: user, address: address)
    }
    // As many as may wait, less one: four of each address. One of them is compared.
    let attackers = try (2...9).map {
      try send($0 == 9 ? 3 : 4, $0 % 2 == 0 ? "alice:wrong" : "nobody:guess", from: "127.0.0.\($0)")
    }
    try await eventually("the attackers wait") { checker.thread.waitingCount == 30 }
    #expect(comparisons.compared.count == 1)

    let scraper = try send(1, "alice:secret", from: "127.0.0.1")
    try await eventually("the scraper waits, too") { checker.thread.waitingCount == 31 }
    // The one that was begun, and its own.
    comparisons.allow(2)
    #expect(scraper.statuses() == ["200"])
    try await eventually("the next one is compared") { comparisons.compared.count == 3 }
    #expect(comparisons.compared[1] == "secret")

    // It is known now, while another's comparison does not end.
    #expect(try send(1, "alice:secret", from: "127.0.0.1").statuses() == ["200"])
    #expect(comparisons.compared.count == 3)

    comparisons.allow(100)
    for attacker in attackers { #expect(Set(attacker.statuses()) == ["401"]) }
    // Each request cost one comparison, whether its user exists or not.
    #expect(comparisons.compared.count == 32)
  }
}

/// curl, as several clients of an address.
private final class Clients {
  private let process = Process()
  private let output = Pipe()

  /// Sends requests at once, and does not wait.
  init(_ url: String, count: Int, user: String, address: String) throws {
    process.executableURL = URL(filePath: "/usr/bin/curl")
    process.arguments =
      [
        "--silent", "--no-progress-meter", "--parallel", "--parallel-immediate", "--interface", address,
        "--user",
        user, "--write-out", "%{http_code} ",
      ]
      + (0..<count).flatMap { _ in ["--output", "/dev/null", url] }
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  deinit { if process.isRunning { process.terminate() } }

  /// Waits for the end, and returns the statuses.
  func statuses() -> [String] {
    let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).split(separator: " ").map(String.init)
  }
}
