// SPDX-License-Identifier: Apache-2.0

import APIServer
import Containers
import Testing

@testable import Kubernetes

/// Whom the watcher believes, and who it says it is, against a server over TLS.
@Suite struct PodWatcherTrustTests {
  @Test("A token that is not accepted is read again, whatever its age")
  func newToken() async throws {
    try await withWorld { world in
      world.server.put(PodJSON(1))
      world.server.require(token: "first")
      try world.watch()
      try await world.eventually("it watches") { world.server.watches == 1 }
      world.server.require(token: "second")
      world.server.endWatches()
      try await world.eventually("it is not accepted") { world.errors(.unauthorized) >= 2 }
      try world.write(token: "second")
      try await world.eventually("it watches again") { world.server.watches == 1 }
      #expect(world.server.requests.last?.token == "second")
      #expect(world.knows(PodJSON(1)))
    }
  }

  @Test("A new authority is read from its file, and a server that none signed is not believed")
  func newAuthority() async throws {
    let others = try Certificates(names: "IP:127.0.0.1")
    try await withWorld { world in
      world.server.put(PodJSON(1))
      try world.trust(others)
      try world.watch()
      try await world.eventually("it is not believed") { world.errors(.connection) >= 3 }
      #expect(world.server.requests.isEmpty && world.pods.count == 0)
      #expect(
        world.log.errors == [
          "the server's certificate is not signed by the certificate authority, or has expired"
        ])
      try world.trust(world.server.certificates)
      try await world.eventually("it is believed") { world.knows(PodJSON(1)) }
    }
  }

  @Test("A certificate that is another host's is not believed, unless the configuration names it")
  func hostName() async throws {
    try await withWorld(certificates: try Certificates(names: "DNS:kubernetes.test")) { world in
      world.server.put(PodJSON(1))
      try world.watch(world.configuration(serverName: nil, identity: nil))
      try await world.eventually("it is not believed") { world.errors(.connection) >= 3 }
      #expect(world.server.requests.isEmpty)
      #expect(world.log.errors == ["the server's certificate is for another name, see tls-server-name"])
      await world.stopWatching()
      try world.watch(world.configuration(serverName: "kubernetes.test", identity: nil))
      try await world.eventually("it is believed") { world.knows(PodJSON(1)) }
    }
  }

  @Test("A client certificate is shown to a server that asks for one")
  func clientCertificate() async throws {
    try await withWorld(authenticating: true) { world in
      world.server.put(PodJSON(1))
      try world.watch(world.configuration(serverName: nil, identity: nil))
      try await world.eventually("it is turned away") { world.errors(.connection) >= 2 }
      #expect(world.server.requests.isEmpty)
      await world.stopWatching()
      let certificates = world.server.certificates
      let identity = Configuration.Identity(
        certificate: .bytes(Array(certificates.client.utf8)), key: .bytes(Array(certificates.clientKey.utf8)))
      try world.watch(world.configuration(serverName: nil, identity: identity))
      try await world.eventually("it is let in") { world.knows(PodJSON(1)) }
    }
  }
}
