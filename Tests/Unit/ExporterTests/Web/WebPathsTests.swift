// SPDX-License-Identifier: Apache-2.0

import Harness
import MetricsHTTP
import Testing

@testable import Exporter
@testable import Platform

@Suite struct WebPathsTests {
  @Test(
    "The prefix is that of the external URL unless it is given",
    arguments: [
      (nil, nil, "", "/"), (nil, "/", "", "/"), (nil, "/pidns/", "/pidns", "/pidns/"),
      ("https://proxy", nil, "", "https://proxy/"),
      ("https://proxy:8443/a/b/", nil, "/a/b", "https://proxy:8443/a/b/"),
      ("https://proxy/a", "/", "", "https://proxy/a/"), ("/a", "/b", "/b", "/a/"),
      ("http://[2001:db8::1]:1/a//b", nil, "/a/b", "http://[2001:db8::1]:1/a/b/"),
    ] as [(String?, String?, String, String)])
  func prefixes(externalURL: String?, routePrefix: String?, prefix: String, home: String) throws {
    let paths = try #require(WebPaths(externalURL: externalURL, routePrefix: routePrefix))
    #expect(paths.prefix == prefix)
    #expect(paths.home == home)
  }

  @Test(
    "Other URLs and prefixes are refused",
    arguments: [
      ("", nil), ("ftp://a", nil), ("proxy/a", nil), ("https://", nil), ("https://a/b?c", nil),
      ("https://a/b c", nil),
      ("https://user@a", nil), ("https://a\r\nX: y", nil), (nil, ""), (nil, "pidns"), (nil, "/a?b"),
      (nil, "/a\u{7F}"),
    ] as [(String?, String?)])
  func refused(externalURL: String?, routePrefix: String?) {
    #expect(WebPaths(externalURL: externalURL, routePrefix: routePrefix) == nil)
  }

  @Test("With a prefix, all pages are below it, and links and redirections lead to them")
  func served() throws {
    let paths = try #require(WebPaths(externalURL: "https://proxy/a", routePrefix: "/b"))
    for hasStatusPage in [true, false] {
      let server = try HTTPServer(
        addresses: [#require(ListenAddress("127.0.0.1:0"))],
        routes: Routes.all(
          telemetryPath: "/metrics", hasStatusPage: hasStatusPage, publications: PublicationStore(),
          scrapers: nil,
          rule: ScraperRule(), paths: paths))
      let port = server.boundAddresses[0].port
      func get(_ path: String) throws -> HTTP.Reply {
        try HTTP.exchange(port: port, "GET \(path) HTTP/1.1")
      }
      #expect(try get("/metrics").status == 404)
      #expect(try get("/-/healthy").status == 404)
      #expect(try get("/b/-/healthy").status == 200)
      #expect(try get("/b/metrics").status == 503)
      for path in ["/", "/b"] {
        let reply = try get(path)
        #expect(reply.status == 302)
        #expect(reply["Location"] == "https://proxy/a/")
      }
      let page = try get("/b/").body
      let links = page.matches(of: /(?:href|src)="([^"]*)"/).map { String($0.1) }.filter { !$0.contains(":") }
      #expect(links.contains("./metrics"))
      for link in links where !link.hasPrefix("?") {
        let path = link.hasPrefix("./") ? String(link.dropFirst(2)) : link
        #expect(!path.hasPrefix("/"), "\(link)")
        #expect(try get("/b/\(path)").status != 404, "\(link)")
      }
      server.close()
    }
  }

  @Test("systemd's descriptors are those for this process")
  func systemd() {
    func descriptors(_ pid: String?, _ count: String?) -> [Int32] {
      var environment: [String: String] = [:]
      environment["LISTEN_PID"] = pid
      environment["LISTEN_FDS"] = count
      return SystemdSockets.descriptors(environment, pid: 7)
    }
    #expect(descriptors("7", "2") == [3, 4])
    #expect(descriptors("8", "2") == [])
    #expect(descriptors(nil, "2") == [])
    #expect(descriptors("7", nil) == [])
    #expect(descriptors("7", "0") == [])
    #expect(descriptors("7", "-1") == [])
    #expect(descriptors("7", "99999999") == [])
  }

  @Test("Owners are names or numbers")
  func owners() throws {
    #expect(FileOwner("root")?.user == 0)
    #expect(FileOwner("root")?.group == nil)
    #expect(FileOwner(":root")?.user == nil)
    #expect(FileOwner(":root")?.group == 0)
    #expect(FileOwner("12:34") == FileOwner("12:34"))
    #expect(FileOwner("12:34")?.group == 34)
    for text in ["", ":", "no-such-user", "root:no-such-group", "1:2:3"] {
      #expect(FileOwner(text) == nil, "\(text)")
    }
  }
}
