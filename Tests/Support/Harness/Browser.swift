// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A real headless browser, driven by WebDriver: Debian's chromium and chromium-driver.
package final class Browser {
  private let driver: Child
  private let port: UInt16
  private let profile: TemporaryFolder
  private var session = ""

  /// - Parameters:
  ///   - isDark: Whether the user prefers a dark colour scheme.
  ///   - runsScripts: Whether scripts of pages run. Scripts of tests always run.
  ///   - phoneWidth: The width of an emulated phone in pixels; nil for a window of 1280.
  package init(isDark: Bool = false, runsScripts: Bool = true, phoneWidth: Int? = nil) throws {
    port = try HTTP.freePort()
    profile = try TemporaryFolder()
    driver = try Child("/usr/bin/chromedriver", ["--port=\(port)", "--log-level=WARNING"])
    driver.closeInput()
    let port = port
    try eventually("chromedriver answers") {
      (try? HTTP.exchange(port: port, "GET /status HTTP/1.1").status) == 200
    }
    // chromium's sandbox does not work as root.
    var options: [String: Any] = [
      "args": [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        "--window-size=1280,900", "--user-data-dir=\(profile["profile"])",
        "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)",
      ]
    ]
    if !runsScripts {
      options["prefs"] = ["profile.managed_default_content_settings.javascript": 2]
    }
    if let phoneWidth {
      options["mobileEmulation"] = ["deviceMetrics": ["width": phoneWidth, "height": 800, "pixelRatio": 1.0]]
    }
    let capabilities: [String: Any] = [
      "goog:chromeOptions": options, "goog:loggingPrefs": ["browser": "ALL"],
    ]
    let answer = try ask("POST", "/session", ["capabilities": ["alwaysMatch": capabilities]])
    guard let id = (answer as? [String: Any])?["sessionId"] as? String else {
      throw TestFailure("no session of a browser: \(answer); \(driver.stderr)")
    }
    session = "/session/\(id)"
  }

  deinit {
    _ = try? ask("DELETE", session)
    // After a session, SIGTERM does not end it.
    driver.signal(SIGKILL)
    driver.wait()
  }

  /// Loads a page.
  package func open(_ address: String) throws { _ = try ask("POST", session + "/url", ["url": address]) }

  /// Returns the result of a script with a `return` statement, as text.
  package func answer(_ script: String) throws -> String {
    let answer = try ask("POST", session + "/execute/sync", ["script": script, "args": []])
    return answer as? String ?? (answer is NSNull ? "null" : "\(answer)")
  }

  /// Returns the console messages since the last call, including violations of the page's content policy.
  package func console() throws -> [String] {
    let entries = try ask("POST", session + "/se/log", ["type": "browser"]) as? [[String: Any]] ?? []
    return entries.map { "\($0["message"] ?? $0)" }
  }

  /// Returns the visible part as PNG.
  package func screenshot() throws -> Data {
    guard let text = try ask("GET", session + "/screenshot") as? String, let data = Data(base64Encoded: text)
    else {
      throw TestFailure("no picture")
    }
    return data
  }

  @discardableResult
  private func ask(_ method: String, _ path: String, _ parameters: [String: Any]? = nil) throws -> Any {
    let body = try parameters.map {
      String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self)
    }
    let reply = try HTTP.exchange(
      port: port, "\(method) \(path) HTTP/1.1", headers: ["Content-Type: application/json"], body: body)
    let answer = try JSONSerialization.jsonObject(with: Data(reply.body.utf8)) as? [String: Any]
    guard reply.status == 200, let value = answer?["value"] else {
      throw TestFailure("\(method) \(path): \(reply.body)")
    }
    return value
  }
}
