// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import MetricsHTTP
import Namespaces
import Platform
import Testing

@testable import Exporter

extension KernelTests {
  /// The responses on each path.
  @Suite(.serialized) struct Web {
    @Test("The Accept header selects the format and its Content-Type")
    func formats() throws {
      let exporter = try RunningExporter()
      let prometheus =
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
      let openMetrics = try HTTP.exchange(
        port: exporter.port, "GET /metrics HTTP/1.1", headers: ["Accept: \(prometheus)"])
      #expect(openMetrics["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
      #expect(openMetrics.body.hasSuffix("# EOF\n"))
      let text = try HTTP.exchange(port: exporter.port, "GET /metrics HTTP/1.1", headers: ["Accept: */*"])
      #expect(text["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(text["Vary"] == "Accept, Accept-Encoding")
      #expect(!text.body.contains("# EOF"))
    }

    @Test("promtool reports no problem in a scrape")
    func promtool() throws {
      let exporter = try RunningExporter()
      _ = try Workload.run("churn", "--namespaces", "20", "--execs", "3")
      _ = try exporter.scrape()
      let scrape = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
      defer { try? FileManager.default.removeItem(at: scrape) }
      try exporter.get("/metrics").body.write(to: scrape, atomically: true, encoding: .utf8)
      let check = try Child.run("/bin/sh", ["-c", "promtool check metrics < \(scrape.path())"])
      #expect(check.status == 0)
      #expect(check.stdout + check.stderr == "")
    }

    @Test("HEAD, other methods, unknown paths and the landing pages get the right response")
    func paths() throws {
      let exporter = try RunningExporter("--web.telemetry-path=/numbers")
      func ask(_ line: String) throws -> HTTP.Reply { try HTTP.exchange(port: exporter.port, line) }

      let get = try ask("GET /numbers HTTP/1.1")
      let head = try ask("HEAD /numbers HTTP/1.1")
      #expect(get.status == 200 && head.status == 200)
      #expect(head.body.isEmpty)
      #expect(Int(head["Content-Length"] ?? "") ?? 0 > 1000)

      let post = try ask("POST /numbers HTTP/1.1")
      #expect(post.status == 405)
      #expect(post["Allow"] == "GET, HEAD")
      #expect(try ask("GET /metrics HTTP/1.1").status == 404)
      #expect(try ask("GET /numbers?collect=x HTTP/1.1").status == 200)
      #expect(try ask("GET /-/healthy HTTP/1.1").status == 200)
      #expect(try ask("GET /-/ready HTTP/1.1").status == 200)

      let page = try ask("GET / HTTP/1.1")
      #expect(page.status == 200)
      #expect(page["Content-Type"] == "text/html; charset=utf-8")
      #expect(page.body.contains(#"<a href="./numbers">"#))
      #expect(page.body.contains("Version "))
      #expect(try ask("GET /-/status.css HTTP/1.1")["Content-Type"] == "text/css; charset=utf-8")
      #expect(try ask("GET /-/status.js HTTP/1.1")["Content-Type"] == "text/javascript; charset=utf-8")
    }

    @Test("Before the first poll the exporter is healthy, not ready, and serves no metrics")
    func readiness() throws {
      let publications = PublicationStore()
      let server = try HTTPServer(
        addresses: [#require(ListenAddress("127.0.0.1:0"))],
        routes: Routes.all(
          telemetryPath: "/metrics", hasStatusPage: true, publications: publications, scrapers: nil,
          rule: ScraperRule()))
      let port = try #require(server.boundAddresses.first?.port)
      func status(_ path: String) throws -> Int {
        try HTTP.exchange(port: port, "GET \(path) HTTP/1.1").status
      }

      #expect(try status("/-/healthy") == 200)
      #expect(try status("/-/ready") == 503)
      #expect(try status("/metrics") == 503)
      let features = FeatureSet(collectors: [], showsLifetimesPerNamespace: false)
      publications.put(PublishedSnapshot(Snapshot(), features: features))
      #expect(try status("/-/ready") == 200)
      #expect(try status("/metrics") == 200)
      server.close()
    }

    @Test("The exporter serves every given address, IPv4 and IPv6")
    func addresses() throws {
      let exporter = try RunningExporter("--web.listen-address=[::1]:0")
      let ports = exporter.child.stderr.split(separator: "\n").filter { $0.contains("listening") }
      #expect(ports.count == 2)
      let port = try #require(ports.last?.split(separator: "[::1]:").last?.prefix { $0.isNumber })
      let curl = try Child.run("/usr/bin/env", ["curl", "-gsS", "http://[::1]:\(port)/-/healthy"])
      #expect(curl.stdout.hasPrefix("Healthy."), "\(curl.stderr)")
    }

    @Test("The log has a command for each address that reads the metrics")
    func loggedCommands() throws {
      let folder = try TemporaryFolder()
      let exporter = try Child(
        Built.exporter.path(),
        [
          "--log.format=json", "--web.listen-address=[::1]:0",
          "--web.listen-address=unix:\(folder["it's a.sock"])",
          "--web.external-url=https://example.org/pidns/",
          "--web.telemetry-path=/counts",
        ])
      func commands() -> [String] {
        exporter.stderr.split(separator: "\n").compactMap {
          try? JSONDecoder().decode([String: String].self, from: Data($0.utf8))["command"]
        }
      }
      try eventually("it listens on both") { commands().count == 2 }
      for command in commands() {
        try eventually("\(command) prints the metrics") {
          let shell = try Child.run("/bin/sh", ["-c", "\(command) --fail --silent"])
          return shell.stdout.contains("\npidns_up 1\n")
        }
      }
    }

    @Test("--log.format sets the format of log lines, and --log.level filters them")
    func logs() throws {
      let json = try RunningExporter()
      for line in json.child.stderr.split(separator: "\n") {
        let fields = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
        #expect(fields["level"] == "info")
        #expect(fields["ts"]?.hasSuffix("Z") == true)
      }
      let logfmt = try Child(
        Built.exporter.path(), ["--web.listen-address=127.0.0.1:0", "--log.format=logfmt"])
      try eventually("it listens") { logfmt.stderr.contains("msg=listening address=127.0.0.1:") }
      let port = try HTTP.freePort()
      let quiet = try Child(
        Built.exporter.path(),
        ["--web.listen-address=127.0.0.1:\(port)", "--log.level=error"] + Built.chosenFlags)
      try eventually("it is ready") {
        (try? HTTP.exchange(port: port, "GET /-/ready HTTP/1.1").status) == 200
      }
      quiet.signal(SIGTERM)
      #expect(quiet.wait() == 0)
      #expect(quiet.stderr == "")
    }

    @Test("A unix socket has the owner and the permissions of the flags")
    func unixSocket() throws {
      let folder = try TemporaryFolder()
      let socket = folder["metrics.sock"]
      let exporter = try RunningExporter(
        "--web.listen-address=unix:\(socket)", "--web.socket-mode=0606", "--web.socket-owner=65534:65533")
      let facts = try Child.run("/usr/bin/stat", ["--format=%F %a %u %g", socket])
      #expect(facts.stdout == "socket 606 65534 65533\n")
      exporter.stop()
      #expect(!FileManager.default.fileExists(atPath: socket))
    }
  }
}
