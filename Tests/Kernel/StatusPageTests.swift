// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

extension KernelTests {
  /// The page at `/` of the shipped program, in a real browser.
  @Suite(.serialized) struct StatusPage {
    /// A PID namespace in its own container.
    private struct Running {
      let child: Child
      private let container: TestContainer
      var name: String { container.name }

      init(_ prefix: String, _ command: [String]) throws {
        let container = try TestContainer(prefix)
        self.container = container
        // The cgroup is entered inside the namespace. Otherwise `unshare`, which stays outside, would get a row
        // of that name in the host's namespace a few seconds later.
        child = try Child(
          "/usr/bin/unshare",
          ["--pid", "--fork", "--kill-child", "--mount-proc"] + container.wrapper + command)
      }

      func end() {
        child.signal(SIGKILL)
        child.wait()
      }
    }

    /// A container whose main process is healthy and whose children crash.
    private static func crashLoop() throws -> Running {
      try Running("crash", ["sh", "-c", "while sleep 0.1; do sh -c 'kill -SEGV $$'; done"])
    }

    /// A container in which nothing happens.
    private static func idle() throws -> Running { try Running("idle", ["sleep", "600"]) }

    /// The names of the rows, without the mark of ended containers.
    private static func names(_ browser: Browser) throws -> [String] {
      try browser.rows().map { $0.name.replacing(#/ ended$/#, with: "") }
    }

    @Test("The page updates itself: new rows, failures, ended rows, and a lost connection")
    func refreshes() throws {
      let exporter = try RunningExporter()
      let browser = try Browser()
      try browser.open(exporter.page())
      try browser.run("window.isTheSamePage = true")
      #expect(try browser.text("main").contains("[host]"))
      for health in ["Kernel read", "BPF programs attached", "All events are attributed to a PID namespace"] {
        #expect(try browser.text(".health").contains(health))
      }
      #expect(
        try browser.answer("return document.querySelectorAll('.health .bad, .health .worse').length") == "0")

      let loop = try Self.crashLoop()
      var row = PageRow()
      try eventually("the page shows the crashes") {
        row = try browser.rows().first { $0.name == loop.name } ?? PageRow()
        return row.failures > 0
      }
      // Each round is a sleep and a shell: two execs and exits, one of which fails.
      #expect(row.execs > row.failures)
      let polygons = "querySelectorAll('polygon').length"
      try eventually("its course is drawn") {
        try browser.answer(
          "return [...document.querySelectorAll('tbody tr')]"
            + ".find((row) => row.textContent.includes('\(loop.name)')).\(polygons)") == "1"
      }

      loop.end()
      try eventually("it is shown as ended") {
        try browser.rows().contains { $0.name == "\(loop.name) ended" }
      }
      #expect(exporter.stop() == 0)
      try eventually("the page reports a lost connection") {
        try browser.text("#news").contains("does not answer")
      }
      #expect(try browser.rows().contains { $0.name.hasPrefix(loop.name) })
      #expect(try browser.answer("return window.isTheSamePage") == "1")
    }

    @Test("The page, the metrics and the ground truth agree on a container's counts")
    func equalsMetrics() throws {
      let exporter = try RunningExporter("--labels.grace=5s")
      let runc = try Runc()
      let cart = "cart-\(UInt32.random(in: .min ... .max))"
      let container = try runc.start(
        RuncSpecification(.untilStopped(count: 31, execs: 7)) { _ in "/lxc.payload.\(cart)" })
      let truth = try container.untilReady()
      let browser = try Browser()
      try browser.open(exporter.page())
      var row = PageRow()
      try eventually("it is shown, with all that it has done") {
        row = try browser.rows().first { $0.name == cart } ?? PageRow()
        return row.totals.first == truth.facts.values[Facts.Quantity(.execs)]
      }
      let facts = try exporter.scrapeLast().facts(Scrape.Names(pidns: truth.pidns, container: cart))
      func fact(_ kind: Facts.Kind, _ label: String? = nil) -> Double? {
        facts.values[label.map { Facts.Quantity(kind, $0) } ?? Facts.Quantity(kind)]
      }
      #expect(row.pidns == "\(truth.pidns)")
      #expect(
        row.totals.map(Optional.some) == [
          fact(.execs), fact(.exits),
          (fact(.exitReasons, "error") ?? 0) + (fact(.exitReasons, "signaled") ?? 0),
        ])
      #expect(facts.values[Facts.Quantity(.exits)] == truth.facts.values[Facts.Quantity(.exits)])
      #expect([row.processes, row.zombies] == [fact(.processes), 0])
      // They started within the time that the page's rates cover.
      let over = "querySelectorAll('.over').length"
      #expect(
        try browser.answer(
          "return [...document.querySelectorAll('tbody tr')]"
            + ".find((row) => row.textContent.includes('\(cart)')).\(over)") == "0")
      _ = try container.stopAndFinish()
    }

    @Test(
      "The page sorts by link, filters while typing, keeps the focus, and violates no content policy")
    func sorts() throws {
      let exporter = try RunningExporter()
      let loop = try Self.crashLoop()
      let idle = try Self.idle()
      let browser = try Browser()
      try browser.open(exporter.page())
      try eventually("both are shown") {
        Set(try Self.names(browser)).isSuperset(of: [loop.name, idle.name])
      }
      try browser.run("document.getElementById('by-name').focus(); document.activeElement.click()")
      try eventually("the rows are sorted by name") { try browser.sorting() == "name ascending" }
      #expect(try browser.answer("return document.activeElement.id") == "by-name")
      let names = try Self.names(browser)
      #expect(names == names.sorted())
      try browser.run("document.getElementById('by-name').click()")
      try eventually("the other way round") { try browser.sorting() == "name descending" }
      #expect(try browser.answer("return location.search") == "?sort=name&order=up")

      try browser.run(
        """
        const filter = document.getElementById("filter");
        filter.focus();
        filter.value = "\(idle.name.uppercased())";
        filter.dispatchEvent(new Event("input"));
        """)
      try eventually("only what matches is left") { try browser.rows().map(\.name) == [idle.name] }
      #expect(
        try browser.answer("return location.search") == "?sort=name&order=up&filter=\(idle.name.uppercased())"
      )
      #expect(try browser.answer("return document.activeElement.id") == "filter")

      try browser.run("getSelection().selectAllChildren(document.querySelector('tbody'))")
      try eventually("what is selected stays") { try browser.text("#news").contains("selected") }
      try browser.run("getSelection().empty()")
      try eventually("it goes on") { try browser.text("#news").isEmpty }
      #expect(try browser.console() == [])
      loop.end()
      idle.end()
    }

    @Test("The page works without JavaScript")
    func scriptless() throws {
      let exporter = try RunningExporter()
      // A name that nothing else on the machine has.
      let folder = try TemporaryFolder()
      try folder.copy(URL(filePath: "/bin/sleep"), to: "still-here")
      let idle = try Child(
        "/usr/bin/unshare", ["--pid", "--fork", "--kill-child", folder["still-here"], "600"])
      try eventually("it is shown") { try exporter.get("/").body.contains("[still-here]") }
      let browser = try Browser(runsScripts: false)
      try browser.open(exporter.page())
      #expect(try browser.answer("return document.documentElement.className") == "")
      try browser.run("document.getElementById('by-name').click()")
      try eventually("the rows are sorted by name") { try browser.sorting() == "name ascending" }
      let names = try Self.names(browser)
      #expect(names == names.sorted())
      try browser.run(
        "document.getElementById('filter').value = '[STILL'; document.querySelector('form').submit()")
      try eventually("only what matches is left") { try browser.rows().map(\.name) == ["[still-here]"] }
      #expect(try browser.answer("return location.search") == "?sort=name&filter=%5BSTILL")
      #expect(try browser.answer("return document.getElementById('filter').value") == "[STILL")
      idle.signal(SIGKILL)
      idle.wait()
    }

    @Test(
      "A name is rendered as text, whatever it contains",
      arguments: [
        #"<img src=x onerror=document.title=1>"'&amp;"#, "<script>document.title=1</script>\u{202e}gpj.exe",
        String(repeating: "long_", count: 40),
      ])
    func hostileNames(name: String) throws {
      // A cgroup name has no slash; without one, a name can still break out of an element.
      let name = name.replacing("/", with: "\\")
      let shown = name.replacing("\u{202e}", with: "\u{fffd}")
      let exporter = try RunningExporter("--labels.grace=5s")
      let runc = try Runc()
      let container = try runc.start(RuncSpecification(.untilStopped()) { _ in "/lxc.payload.\(name)" })
      _ = try container.untilReady()
      let browser = try Browser(phoneWidth: 360)
      try browser.open(exporter.page())
      try eventually("it is shown") { try browser.rows().contains { $0.name == shown } }
      #expect(try browser.answer("return document.title") == "pidns-exporter")
      #expect(try browser.answer("return document.querySelectorAll('img, body script').length") == "0")
      #expect(try browser.answer("return document.documentElement.scrollWidth") == "360")
      let query = "?filter=" + name.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
      try browser.open(exporter.page(query))
      #expect(try browser.answer("return document.getElementById('filter').value") == shown)
      #expect(try browser.console() == [])
      _ = try container.stopAndFinish()
    }

    @Test("--no-web.ui serves only a list of links")
    func off() throws {
      let exporter = try RunningExporter("--no-web.ui")
      let page = try exporter.get("/")
      #expect(page.status == 200)
      #expect(page.body.contains(#"<a href="./metrics">Metrics</a>"#))
      #expect(!page.body.contains("<table"))
      #expect(try exporter.get("/-/status.js").status == 404)
      #expect(try exporter.get("/-/status.css").status == 404)
    }
  }
}
