// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// The page at `/`, of the program as it is shipped, in a real browser.
  @Suite(.serialized) struct StatusPage {
    /// A PID namespace whose main process is well and whose children crash.
    private static func crashLoop() throws -> Child {
      try Child(
        "/usr/bin/unshare",
        [
          "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
          "while sleep 0.1; do sh -c 'kill -SEGV $$'; done",
        ])
    }

    /// Rows of the table: a line each, with their cells between bars.
    private static let rows = """
      return [...document.querySelectorAll("main > table tbody tr")]
        .map((row) => [...row.cells].map((cell) => cell.innerText.trim()).join("|")).join("\\n");
      """

    private static func rows(_ browser: Browser) throws -> [[String]] {
      try browser.answer(rows).split(separator: "\n").map {
        $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
      }
    }

    private static func address(_ exporter: RunningExporter, _ query: String = "") -> String {
      "http://127.0.0.1:\(exporter.port)/\(query)"
    }

    @Test("It shows what the metrics say, and goes on by itself: what begins, what fails, what ends")
    func refreshes() throws {
      let exporter = try RunningExporter()
      let browser = try Browser()
      try browser.open(Self.address(exporter))
      _ = try browser.answer("window.isTheSamePage = true; return true")
      #expect(try browser.answer("return document.querySelector('main').innerText").contains("[host]"))

      let loop = try Self.crashLoop()
      var row: [String] = []
      try eventually("the page shows the crashes") {
        row = try Self.rows(browser).first { $0[0] == "[sh]" } ?? []
        return row.count > 4 && Double(row[4]) ?? 0 > 0
      }
      // Each turn is a sleep and a shell: two execs and exits, of which one fails.
      #expect(try #require(Double(row[2])) > #require(Double(row[4])))
      #expect(try browser.answer("return document.querySelectorAll('main > table polygon').length") != "0")
      let pidns = row[1]
      let scrape = try exporter.scrapeLast()
      let names = #"pidns="\#(pidns)",namespace="",pod="",container="""#
      #expect(try scrape["pidns_processes{\(names)}"] > 0)
      #expect(try scrape["pidns_process_signal_deaths_total{\(names),signal=\"SIGSEGV\"}"] > 0)
      for health in ["BPF programs attached", "Read the kernel", "Every event has its PID namespace"] {
        #expect(try browser.answer("return document.querySelector('.health').innerText").contains(health))
      }

      loop.signal(SIGKILL)
      loop.wait()
      try eventually("it is shown as ended, or gone") {
        let row = try Self.rows(browser).first { $0[1] == pidns }
        return row.map { $0[0].contains("ended") } ?? true
      }
      #expect(exporter.stop() == 0)
      try eventually("the page says that nobody answers") {
        try browser.answer("return document.getElementById('news').innerText").contains("does not answer")
      }
      #expect(try browser.answer("return window.isTheSamePage") == "1")
    }

    @Test("It sorts by links and filters as one types, keeps the focus, and does nothing that its policy forbids")
    func sorts() throws {
      let exporter = try RunningExporter()
      let loop = try Self.crashLoop()
      let idle = try Child("/usr/bin/unshare", ["--pid", "--fork", "--kill-child", "sleep", "600"])
      let browser = try Browser()
      try browser.open(Self.address(exporter))
      try eventually("both are shown") {
        let names = try Self.rows(browser).map { $0[0] }
        return names.contains("[sh]") && names.contains("[sleep]")
      }
      _ = try browser.answer("document.getElementById('by-name').click(); return true")
      try eventually("the rows are sorted by name") {
        try browser.answer("return document.querySelector('th[aria-sort]')?.innerText ?? ''").hasPrefix("Container")
      }
      let names = try Self.rows(browser).map { $0[0] }
      #expect(names == names.sorted())
      #expect(try browser.answer("return location.search") == "?sort=name")

      _ = try browser.answer(
        """
        const filter = document.getElementById("filter");
        filter.focus();
        filter.value = "SLEEP";
        filter.dispatchEvent(new Event("input"));
        return true;
        """)
      try eventually("only what matches is left") { try Self.rows(browser).map { $0[0] } == ["[sleep]"] }
      #expect(try browser.answer("return location.search") == "?sort=name&filter=SLEEP")
      #expect(try browser.answer("return document.activeElement.id") == "filter")
      #expect(try browser.console() == [])
      withExtendedLifetime((loop, idle)) {}
    }

    @Test("It works without a script")
    func scriptless() throws {
      let exporter = try RunningExporter()
      let idle = try Child("/usr/bin/unshare", ["--pid", "--fork", "--kill-child", "sleep", "600"])
      try eventually("it is shown") { try exporter.get("/").body.contains("[sleep]") }
      let browser = try Browser(runsScripts: false)
      try browser.open(Self.address(exporter))
      #expect(try browser.answer("return document.documentElement.className") == "")
      _ = try browser.answer("document.getElementById('by-name').click(); return true")
      try eventually("the rows are sorted by name") {
        try browser.answer("return document.querySelector('th[aria-sort]')?.innerText ?? ''").hasPrefix("Container")
      }
      let names = try Self.rows(browser).map { $0[0] }
      #expect(names == names.sorted())
      _ = try browser.answer(
        "document.getElementById('filter').value = '[S'; document.querySelector('form').submit(); return true")
      try eventually("only what matches is left") { try Self.rows(browser).map { $0[0] } == ["[sleep]"] }
      #expect(try browser.answer("return location.search") == "?sort=name&filter=%5BS")
      #expect(try browser.answer("return document.getElementById('filter').value") == "[S")
      withExtendedLifetime(idle) {}
    }

    @Test("A container's name is text, whatever is in it")
    func hostileNames() throws {
      let exporter = try RunningExporter("--labels.grace=5s")
      let runc = try Runc()
      let name = #"<img src=x onerror=document.title=1>"'&amp;"#
      let container = try runc.start(RuncSpecification(.untilStopped()) { _ in "/lxc.payload.\(name)" })
      _ = try container.untilReady()
      let browser = try Browser()
      try browser.open(Self.address(exporter))
      try eventually("it is shown") { try Self.rows(browser).contains { $0[0] == name } }
      #expect(try browser.answer("return document.title") == "pidns-exporter")
      #expect(try browser.answer("return document.querySelectorAll('img').length") == "0")
      let query = "?filter=" + name.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
      try browser.open(Self.address(exporter, query))
      #expect(try Self.rows(browser).map { $0[0] } == [name])
      #expect(try browser.answer("return document.getElementById('filter').value") == name)
      #expect(try browser.console() == [])
      _ = try container.stopAndFinish()
    }

    @Test("It fits on a phone, and is dark where that is preferred")
    func looks() throws {
      let exporter = try RunningExporter()
      let loop = try Self.crashLoop()
      let background = "return getComputedStyle(document.body).backgroundColor"
      let phone = try Browser(phoneWidth: 360)
      try phone.open(Self.address(exporter))
      try eventually("it is shown") { try Self.rows(phone).contains { $0[0] == "[sh]" } }
      #expect(try phone.answer("return innerWidth") == "360")
      #expect(try phone.answer("return document.documentElement.scrollWidth") == "360")
      #expect(try phone.answer(background) == "rgb(255, 255, 255)")
      let dark = try Browser(isDark: true)
      try dark.open(Self.address(exporter))
      #expect(try dark.answer(background) == "rgb(20, 23, 26)")
      withExtendedLifetime(loop) {}
    }

    @Test("--no-web.ui leaves a few links")
    func off() throws {
      let exporter = try RunningExporter("--no-web.ui")
      let page = try exporter.get("/")
      #expect(page.status == 200)
      #expect(page.body.contains(#"<a href="/metrics">Metrics</a>"#))
      #expect(!page.body.contains("<table"))
      #expect(try exporter.get("/-/status.js").status == 404)
    }
  }
}
