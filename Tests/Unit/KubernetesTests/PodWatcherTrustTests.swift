// SPDX-License-Identifier: Apache-2.0

import APIServer
import Containers
import Testing

@testable import Kubernetes

/// Authentication in both directions, against a server over TLS.
@Suite struct PodWatcherTrustTests {
  @Test("A rejected token is read again, whatever its age")
  func newToken() async throws {
    try await withFixture { fixture in
      fixture.server.put(PodJSON(1))
      fixture.server.require(token: "first")
      try fixture.watch()
      try await fixture.eventually("it watches") { fixture.server.watches == 1 }
      fixture.server.require(token: "second")
      fixture.server.endWatches()
      try await fixture.eventually("it is not accepted") { fixture.errors(.unauthorized) >= 2 }
      try fixture.write(token: "second")
      try await fixture.eventually("it watches again") { fixture.server.watches == 1 }
      #expect(fixture.server.requests.last?.token == "second")
      #expect(fixture.hasResolved(PodJSON(1)))
    }
  }

  @Test("A new authority is read from its file; a server with an unknown authority is rejected")
  func newAuthority() async throws {
    let others = try Certificates(names: "IP:127.0.0.1")
    try await withFixture { fixture in
      fixture.server.put(PodJSON(1))
      try fixture.trust(others)
      try fixture.watch()
      try await fixture.eventually("the server is rejected") { fixture.errors(.connection) >= 3 }
      #expect(fixture.server.requests.isEmpty && fixture.pods.count == 0)
      #expect(
        fixture.log.errors == [
          "the server's certificate is not signed by the certificate authority, or has expired"
        ])
      try fixture.trust(fixture.server.certificates)
      try await fixture.eventually("the server is accepted") { fixture.hasResolved(PodJSON(1)) }
    }
  }

  @Test("A certificate for another host is rejected unless the configuration names that host")
  func hostName() async throws {
    try await withFixture(certificates: try Certificates(names: "DNS:kubernetes.test")) { fixture in
      fixture.server.put(PodJSON(1))
      try fixture.watch(fixture.configuration(serverName: nil, identity: nil))
      try await fixture.eventually("the server is rejected") { fixture.errors(.connection) >= 3 }
      #expect(fixture.server.requests.isEmpty)
      #expect(fixture.log.errors == ["the server's certificate is for another name, see tls-server-name"])
      await fixture.stopWatching()
      try fixture.watch(fixture.configuration(serverName: "kubernetes.test", identity: nil))
      try await fixture.eventually("the server is accepted") { fixture.hasResolved(PodJSON(1)) }
    }
  }

  @Test("A client certificate is presented when the server requests one")
  func clientCertificate() async throws {
    try await withFixture(authenticating: true) { fixture in
      fixture.server.put(PodJSON(1))
      try fixture.watch(fixture.configuration(serverName: nil, identity: nil))
      try await fixture.eventually("it is turned away") { fixture.errors(.connection) >= 2 }
      #expect(fixture.server.requests.isEmpty)
      await fixture.stopWatching()
      let certificates = fixture.server.certificates
      let identity = Configuration.Identity(
        certificate: .bytes(Array(certificates.client.utf8)), key: .bytes(Array(certificates.clientKey.utf8)))
      try fixture.watch(fixture.configuration(serverName: nil, identity: identity))
      try await fixture.eventually("the client is accepted") { fixture.hasResolved(PodJSON(1)) }
    }
  }
}
