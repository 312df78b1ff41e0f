// SPDX-License-Identifier: Apache-2.0

import Containers
import LibBPF
import Platform
import Probe
import Testing

@testable import LiveView
@testable import StatusPage
@testable import Namespaces

@Suite struct StatusPageTests {
  private var polls = Polls()

  private func html(_ query: StatusQuery = StatusQuery(), web: WebHealth? = nil) -> String {
    var recorder = Recorder(showsTasks: true)
    var polls = polls
    for _ in 0..<3 {
      polls.time += 5
      _ = recorder.record(polls.snapshot)
    }
    return StatusPage.html(
      polls.snapshot, recorder.recent, web: web, query, version: "1", telemetryPath: "/metrics")
  }

  /// The names in the table, from the top.
  private func names(_ query: StatusQuery = StatusQuery()) -> [String] {
    html(query).matches(of: /<span class="container">([^<]*)/).map { String($0.1) }
  }

  @Test("Before the first poll, the page reports that it has no data")
  func before() {
    let page = StatusPage.html(nil, nil, StatusQuery(), version: "1", telemetryPath: "/metrics")
    #expect(page.contains("The kernel has not been read yet."))
    #expect(page.contains(#"<a href="./metrics">"#))
  }

  @Test(
    "Names are always rendered as text",
    arguments: [
      (#"<script>"'&</script>"#, "&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;"),
      ("a\u{202e}b\u{0}c\nd\u{200b}\u{1b}[31m", "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}\u{fffd}[31m"),
      ("größe", "größe"), ("", ""),
    ])
  mutating func escapes(name: String, shown: String) {
    let text: HTML = #"<a href="\#(name)">\#(name)</a>"#
    #expect(text.text == #"<a href="\#(shown)">\#(shown)</a>"#)
    polls.namespaces = [
      Polls.namespace(1, name, execs: 1), Polls.namespace(2, execs: 1, initComm: name),
      Polls.namespace(3, name, pod: name, execs: 1),
    ]
    let page = html(StatusQuery { $0 == "filter" ? name : nil })
    #expect(!page.contains("<script>\""))
    #expect(page.contains(#"name="filter" type="search" value="\#(shown)""#))
    #expect(name.isEmpty || page.contains(#"<span class="container">\#(shown)</span>"#))
    #expect(name.isEmpty || page.contains(#"<span class="container">[\#(shown)]</span>"#))
    #expect(name.isEmpty || page.contains(#"<span class="pod">shop/\#(shown)</span>"#))
  }

  @Test("Rows are sorted, filtered and limited, and the page gives their total")
  mutating func rows() {
    polls.namespaces = (1...250).map {
      Polls.namespace(UInt32($0), $0 % 2 == 0 ? "web-\($0)" : "job-\($0)", execs: 9, zombies: UInt64($0))
    }
    var query = StatusQuery()
    query.order = Order(.zombies)
    #expect(names(query).prefix(2) == ["web-250", "job-249"])
    #expect(names(query).count == 200)
    let page = html(query)
    #expect(page.contains("the first 200 of 250"))
    #expect(page.contains(#"50 more are not shown: <a href="?sort=zombies&amp;rows=250">Show 250</a>"#))
    #expect(page.contains(#"aria-sort="descending"><a id="by-zombies" href="?sort=zombies&amp;order=up">"#))

    query.rows = 3
    query.filter = "WEB"
    query.order = Order(.zombies, isReversed: true)
    #expect(names(query) == ["web-2", "web-4", "web-6"])
    query.order = Order(.name)
    #expect(names(query) == ["web-10", "web-100", "web-102"])
    query.filter = "nobody"
    #expect(names(query) == [])
    #expect(html(query).contains("No name contains “nobody”."))
  }

  @Test("Ended containers are listed below live ones, and marked")
  mutating func ended() {
    polls.namespaces = [
      Polls.namespace(1, "a", execs: 4, isLive: false), Polls.namespace(2, "b", execs: 4),
    ]
    #expect(names() == ["b", "a"])
    #expect(
      html().contains(
        #"<tr class="over"><th scope="row" class="name"><span class="container">a</span> <span class="ended">"#
      ))
  }

  @Test("The page reports health, and describes each problem in a sentence")
  mutating func health() {
    polls.change = {
      $0.programs = [ProgramStatus(program: "process_exec"), ProgramStatus(program: "process_exit")]
      $0.maps = [
        MapStatus(map: "exits", entries: 9, capacity: 10, memoryBytes: 4096),
        MapStatus(map: "namespaces", entries: 20, capacity: 100, memoryBytes: 0),
        MapStatus(map: "node", entries: 1, capacity: 1, memoryBytes: 0),
      ]
    }
    let good = html()
    #expect(!good.contains(#"class="bad""#) && !good.contains(#"class="worse""#))
    #expect(good.contains("2 of 2 BPF programs attached"))
    #expect(good.contains("All events are attributed to a PID namespace"))
    #expect(good.contains("the fullest is exits, with 9 of 10 entries"))

    polls.change = {
      $0.failure = BPFError("read <namespaces>", errno: 5)
      $0.programs = [
        ProgramStatus(program: "process_exec", misses: 1),
        ProgramStatus(program: "mark_victim", isAttached: false),
      ]
      $0.node.dropped = [.mapFull: EventCounts(ProcessCounts(execs: 7))]
      $0.node.detailsDropped = 8
      $0.node.partsRefused = 9
      ($0.refused, $0.excluded, $0.unresolved) = (3, 4, 5)
      $0.podWatch = PodWatchStatus()
    }
    let bad = html()
    for words in [
      "older values are shown: cannot read &lt;namespaces&gt;",
      "1 of 2 BPF programs attached; not supported by this kernel: mark_victim",
      "The kernel skipped runs of process_exec", "7 events are only in the node’s totals",
      "8 exit codes, exec failures or signal deaths are not counted by kind",
      "9 events and task scans are counted only with their PID namespace: raise --cgroups.max, and --bpf.map-entries",
      "3 PID namespaces, units or containers have no series", "4 PID namespaces are excluded",
      "5 PID namespaces or containers have no name yet",
      "No event from the API server yet",
    ] {
      #expect(bad.contains(words))
    }
  }

  @Test("The page reports a failed write of the state and missing pins at the same time")
  mutating func stateAndPins() {
    polls.change = {
      var state = StateStatus()
      state.failure = "no space"
      $0.state = state
      $0.lacksPins = true
    }
    let page = html()
    #expect(page.contains("The state is not written") && page.contains("Pins are missing"))
  }

  @Test(
    "The page reports a refused web configuration, and a certificate that expires within a week",
    arguments: [
      (nil, "good", nil), (30 * 86_400, "good", "is valid for 29 days"),
      (7 * 86_400 - 60, "worse", "expires in 167 hours: renew it"), (-1, "bad", "has expired: replace it"),
    ] as [(Int?, String, String?)])
  func webConfiguration(expiresIn: Int?, mark: String, text: String?) {
    let expiry = expiresIn.map { Int(Clock.epochSeconds) + $0 }
    let good = html(web: WebHealth(isRefused: false, certificateExpiry: expiry))
    #expect(!good.contains("web configuration"))
    let lines = good.split(separator: "\n").filter { $0.contains("certificate") }
    #expect(lines.count == (text == nil ? 0 : 1))
    if let text {
      #expect(lines.first?.contains(#"<li class="\#(mark)">"#) == true)
      #expect(lines.first?.contains(text) == true)
    }
    let refused = html(web: WebHealth(isRefused: true, certificateExpiry: expiry))
    #expect(refused.contains(/<li class="bad">[^\n]*A change of the web configuration is refused/))
  }

  @Test("A pod watch is healthy by its own verdict, however long ago the last event was")
  mutating func podWatch() {
    var watch = PodWatchStatus()
    watch.pods = 7
    (watch.lastEvent, watch.isHealthy) = (Clock.epochSeconds - 86_400, true)
    polls.change = { [watch] in $0.podWatch = watch }
    let idle = html()
    #expect(
      idle.contains(/<li class="good">[^\n]*7 pods; last event from the API server 8640[0-9]\.[0-9] s ago/))
    (watch.lastEvent, watch.isHealthy, watch.errors[.timeout]) = (Clock.epochSeconds - 10, false, 2)
    polls.change = { [watch] in $0.podWatch = watch }
    let failing = html()
    #expect(
      failing.contains(
        /<li class="bad">[^\n]*The pod watch fails: 7 pods; [^\n]*; 2 failures since the start; see the log/))
  }

  @Test(
    "A sparkline has a point per step except within level parts, and a text alternative")
  func sparkline() {
    func line(_ execs: [Float], _ failures: [Float] = []) -> String {
      let sparkline = execs.enumerated().map {
        StatusHistory.Step(execs: $1, failures: failures.indices.contains($0) ? failures[$0] : 0)
      }
      return HTML.sparkline(sparkline, lengths: Array(repeating: 5, count: 60)).text
    }
    #expect(line([]) == line([1]))
    #expect(!line([1]).contains("svg"))
    #expect(line([0, 0, 0, 0]).contains(#"<polyline points="112,19.0 118,19.0"/>"#))
    #expect(line([0, 0, 0, 0]).contains(#"aria-label="No exec and no failure in the last 20 s""#))
    #expect(line([0, 4, 2]).contains(#"<polyline points="114,19.0 116,1.0 118,10.0"/>"#))
    #expect(
      line([0, 4, 2], [0, 0, 1]).contains(#"<polygon points="114,20 114,19.0 116,19.0 118,14.5 118,20"/>"#))
    #expect(line([0, 4, 2], [0, 0, 1]).contains("In the last 15 s at most 4.0 exec/s and 1.0 fail/s"))
    #expect(line(Array(repeating: 1, count: 60)).contains(#"points="0,1.0 118,1.0""#))
    #expect(line(Array(repeating: 1, count: 60)).contains("the last 5 min"))
  }

  @Test("The page has no inline style, script or handler, as its policy forbids them")
  mutating func policy() {
    polls.namespaces = [Polls.namespace(1, "a", execs: 4, failures: 2)]
    let page = html()
    #expect(page.matches(of: /[ ]style=|<style|[ ]on[a-z]+=|javascript:|<script>/).isEmpty)
    #expect(page.matches(of: /<script[^>]*>/).map { String($0.0) } == [#"<script src="-/status.js" defer>"#])
  }
}
