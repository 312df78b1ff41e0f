// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import MetricsHTTP
import Platform
import Synchronization
import Testing
import WebConfig

@testable import Exporter

/// Passwords, headers and the rate limit of a web configuration.
@Suite struct WebPasswordTests {
  @Test("A password is needed for every path but the health endpoints, also for those that do not exist")
  func passwords() throws {
    let served = try ServedWebConfig("basic_auth_users:\n  alice: \(ServedWebConfig.hash)\n")
    func status(_ path: String, _ user: String?) throws -> Int {
      let flags = user.map { ["--user", $0] } ?? ["--no-netrc"]
      return try served.get(path, flags[0], flags.count > 1 ? flags[1] : "--silent", scheme: "http").status
    }
    for _ in 0..<2 {
      #expect(try status("/metrics", "alice:secret") == 200)
      #expect(try status("/nothing", "alice:secret") == 404)
      for user in [nil, "alice:wrong", "bob:secret", "alice:", ":secret", "alice:secret2"] {
        #expect(try status("/metrics", user) == 401, "\(user ?? "")")
        #expect(try status("/nothing", user) == 401, "\(user ?? "")")
        #expect(try status("/-/healthy", user) == 200, "\(user ?? "")")
      }
    }
    let reply = try served.get(scheme: "http").text
    #expect(reply.contains("WWW-Authenticate: Basic realm=\"pidns-exporter\""))
    #expect(served.config.status.counts.unauthorized[.wrong] == 20)
    #expect(served.config.status.counts.unauthorized[.missing] == 5)
    // How many lines there are depends on the time: `limitedLog` tests that.
    #expect(
      served.log.all.contains {
        $0.hasPrefix(
          "wrong user or password; correct basic_auth in the client's configuration client=127.0.0.1")
      })
    #expect(!served.log.all.joined().contains("bob"))

    // A changed password: the old one is not remembered for it.
    let other = "$2y$04$X0h1gDsPszWURQaxFh.zouAK4hHYD6WcoUh6QljVPBOs5KLk83yc6"
    try served.folder.write("basic_auth_users:\n  alice: \(other)\n", to: "web.yml")
    served.reload()
    #expect(try status("/metrics", "alice:secret") == 401)
    #expect(try status("/metrics", "alice:other") == 200)
  }

  @Test("Each response has the configured headers, in place of its own of the same name")
  func headers() throws {
    let served = try ServedWebConfig(
      "http_server_config:\n  headers:\n    X-Frame-Options: deny\n    Strict-Transport-Security: max-age=1\n"
    )
    for path in ["/metrics", "/nothing"] {
      let text = try served.get(path, scheme: "http").text
      #expect(
        text.split(separator: "\r\n").filter { $0.hasPrefix("X-Frame-Options: ") } == [
          "X-Frame-Options: deny"
        ])
      #expect(text.contains("Strict-Transport-Security: max-age=1"))
      #expect(!text.contains("sameorigin"))
    }
    #expect(try served.get(scheme: "http").text.hasSuffix("page"))
    try served.folder.write("{}", to: "web.yml")
    served.reload()
    #expect(try served.get(scheme: "http").text.contains("X-Frame-Options: sameorigin"))
  }

  @Test("Requests beyond the rate limit get 429; those for health do not")
  func rateLimit() throws {
    let served = try ServedWebConfig("rate_limit:\n  interval: 1h\n  burst: 2\n")
    let statuses = try (0..<4).map { _ in try served.get(scheme: "http").status }
    #expect(statuses == [200, 200, 429, 429])
    #expect(try served.get("/-/healthy", scheme: "http").status == 200)
    #expect(served.config.status.counts.rateLimited == 2)
    #expect(served.log.all.count { $0.contains("more requests than rate_limit") } == 1)
  }

  @Test("While wrong passwords are compared, a client that was right before is answered without a comparison")
  func floodOfWrongPasswords() throws {
    let folder = try TemporaryFolder()
    let policy = try WebPolicy(
      reading: folder.write("basic_auth_users:\n  alice: \(ServedWebConfig.hash)\n", to: "web.yml"))
    let right = try #require(BasicCredentials("Basic \(Data("alice:secret".utf8).base64EncodedString())"))
    let wrong = try #require(BasicCredentials("basic  \(Data("alice:wrong".utf8).base64EncodedString())"))
    let comparisons = Mutex<[String]>([])
    let checker = PasswordChecker { password, hash in
      comparisons.withLock { $0.append(hash) }
      return password == Array("secret".utf8)
    }
    #expect(!checker.isKnown(right, in: policy))
    #expect(checker.check(right, in: policy))
    #expect(checker.isKnown(right, in: policy))
    #expect(!checker.check(wrong, in: policy))
    #expect(!checker.isKnown(wrong, in: policy))
    // An unknown user costs a comparison with one of the hashes, and is refused whatever the result.
    let unknown = try #require(BasicCredentials("Basic \(Data("bob:secret".utf8).base64EncodedString())"))
    #expect(!checker.check(unknown, in: policy))
    #expect(comparisons.withLock { $0 } == Array(repeating: ServedWebConfig.hash, count: 3))
    // The memory of right passwords is limited, and forgets the oldest.
    let names = (0...PasswordChecker.limit).map { "user\($0)" }
    let many = try WebPolicy(
      reading: folder.write(
        "basic_auth_users:\n" + names.map { "  \($0): \(ServedWebConfig.hash)\n" }.joined(), to: "many.yml"))
    let users = try names.map { name in
      try #require(BasicCredentials("Basic \(Data("\(name):secret".utf8).base64EncodedString())"))
    }
    for user in users { #expect(checker.check(user, in: many)) }
    #expect(!checker.isKnown(users[0], in: many))
    #expect(checker.isKnown(users[1], in: many))
  }

  @Test(
    "Other Authorization headers are no user and password",
    arguments: [nil, "", "Basic", "Basic ", "Basic !", "Basic YQ==", "Bearer YTpi", "Basic YTpi YTpi"])
  func noCredentials(header: String?) {
    #expect(BasicCredentials(header) == nil)
  }

  @Test("Credentials may hold colons and any byte")
  func credentials() throws {
    let credentials = try #require(
      BasicCredentials("BASIC \(Data([0x61, 0x3A, 0x3A, 0xFF]).base64EncodedString())"))
    #expect(credentials.user == "a")
    #expect(credentials.password == [0x3A, 0xFF])
  }

  @Test("libcrypt compares bcrypt hashes of each prefix, and no password with a zero byte equals one")
  func libcrypt() throws {
    let library = try #require(CryptLibrary.shared)
    let secret = Array("secret".utf8)
    for prefix in ["2y", "2a", "2b"] {
      let hash = "$\(prefix)$" + ServedWebConfig.hash.dropFirst(4)
      #expect(library.matches(secret, hash: hash))
      #expect(!library.matches(secret + [0], hash: hash))
      #expect(!library.matches([], hash: hash))
      #expect(!library.matches(Array(repeating: 0x61, count: 600), hash: hash))
    }
    #expect(!library.matches(secret, hash: "*0"))
  }

  @Test(
    "A token bucket allows its burst at once, then one for each interval, and never saves more than the burst"
  )
  func bucket() throws {
    let folder = try TemporaryFolder()
    let configuration = try WebConfiguration(
      reading: folder.write("rate_limit:\n  interval: 100ms\n  burst: 3\n", to: "web.yml"))
    let start = ContinuousClock.now
    var bucket = TokenBucket(try #require(configuration.rateLimit), now: start)
    func take(_ milliseconds: Int, _ count: Int) -> Int {
      (0..<count).count { _ in bucket.take(now: start + .milliseconds(milliseconds)) }
    }
    #expect(take(0, 5) == 3)
    #expect(take(99, 1) == 0)
    #expect(take(100, 2) == 1)
    #expect(take(310, 5) == 2)
    #expect(take(60_000, 9) == 3)
    // The clock of another thread may be behind.
    #expect(take(0, 1) == 0)
  }

  @Test("Clients cause one log line of each kind in a pause, with the number of omitted lines")
  func limitedLog() {
    var log = LimitedLog<String>()
    let start = ContinuousClock.now
    #expect(log.admit("a", now: start) == 0)
    #expect(log.admit("a", now: start) == nil)
    #expect(log.admit("b", now: start) == 0)
    #expect(log.admit("a", now: start + .seconds(9)) == nil)
    #expect(log.admit("a", now: start + .seconds(10)) == 2)
    #expect(log.admit("a", now: start + .seconds(20)) == 0)
  }
}
