// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MetricsHTTP

extension ServerTests {
  @Suite struct ListeningTests {
    private func address(_ text: String) throws -> ListenAddress {
      try #require(ListenAddress(text))
    }

    private func error(_ body: () throws -> Void) throws -> HTTPServerError {
      try #require(throws: HTTPServerError.self, performing: body)
    }

    @Test("the server answers on the port that it reports, on each address")
    func realPorts() throws {
      let server = try HTTPServer(
        addresses: [address("127.0.0.1:0"), address("localhost:0")], routes: metrics("up 1\n"))
      let bound = server.boundAddresses
      #expect(bound.map(\.host) == ["127.0.0.1", "localhost"])
      for port in bound.map(\.port) {
        #expect(port != 0)
        #expect(try RawClient(port: port).exchange("GET", "/metrics").text == "up 1\n")
      }
      server.close()
    }

    @Test("a wildcard address listens on IPv4 and IPv6 on one port", .enabled(if: hasIPv6))
    func dualStack() throws {
      for text in [":0", "[::]:0"] {
        let server = try HTTPServer(addresses: [address(text)], routes: metrics("up 1\n"))
        let port = server.boundAddresses[0].port
        #expect(try RawClient(port: port, host: "127.0.0.1").exchange("GET", "/metrics").status == 200)
        #expect(try RawClient(port: port, host: "::1").exchange("GET", "/metrics").status == 200)
        server.close()
      }
    }

    @Test("an address of one family does not answer on the other", .enabled(if: hasIPv6))
    func singleStack() throws {
      for (text, yes, no) in [("0.0.0.0:0", "127.0.0.1", "::1"), ("[::1]:0", "::1", "127.0.0.1")] {
        let server = try HTTPServer(addresses: [address(text)], routes: metrics("up 1\n"))
        let port = server.boundAddresses[0].port
        #expect(try RawClient(port: port, host: yes).exchange("GET", "/metrics").status == 200)
        #expect(throws: RawClient.Failure.self) { try RawClient(port: port, host: no) }
        server.close()
      }
    }

    @Test("if the machine does not have an address, the next one is tried, as without IPv6")
    func fallsBack() throws {
      // 192.0.2.0/24 is for documentation only (RFC 5737).
      let candidates = try ["192.0.2.1:0", "127.0.0.1:0"].flatMap { try SocketAddress.resolve(address($0)) }
      let socket = try ListeningSocket(address(":0"), trying: candidates)
      #expect(socket.bound.numericHost == "127.0.0.1")
      let wildcards = try SocketAddress.resolve(address(":0")).map(\.numericHost)
      #expect(wildcards == ["::", "0.0.0.0"])
    }

    @Test("a port in use is an error for either family")
    func inUse() throws {
      let other = try ListeningSocket(address(":0"), besides: [])
      for host in ["", "127.0.0.1"] {
        let taken = try address("\(host):\(other.address.port)")
        let error = try error { try HTTPServer(addresses: [taken], routes: [:]).close() }
        #expect(error.code == .addressInUse)
        #expect(
          error.description
            == "cannot listen on \(taken): address already in use; "
            + "stop the other program or choose another --web.listen-address")
      }
    }

    @Test("the server does not fall back to IPv4 if only the IPv6 port is in use", .enabled(if: hasIPv6))
    func halfInUse() throws {
      let other = try ListeningSocket(address("[::1]:0"), besides: [])
      let taken = try address(":\(other.address.port)")
      let error = try error { try HTTPServer(addresses: [taken], routes: [:]).close() }
      #expect(error.code == .addressInUse)
    }

    @Test("a host name listens on its IPv4 address")
    func prefersIPv4() throws {
      let found = try ["[::1]:1", "127.0.0.1:1", "[::2]:1"].flatMap { try SocketAddress.resolve(address($0)) }
      #expect(SocketAddress.ipv4First(found).map(\.numericHost) == ["127.0.0.1", "::1", "::2"])
    }

    @Test(
      "the error for a duplicate address differs from that for a port in use",
      arguments: ["127.0.0.1", "", "0.0.0.0"])
    func overlap(host: String) throws {
      let first = try ListeningSocket(address("127.0.0.1:0"), besides: [])
      let again = try address("\(host):\(first.address.port)")
      let error = try error { _ = try ListeningSocket(again, besides: [first]) }
      #expect(error.code == .addressesOverlap(with: first.address))
      #expect(
        error.description
          == "cannot listen on \(again): it overlaps \(first.address), which is also given; "
          + "give each --web.listen-address once")
    }

    @Test("a duplicate address is rejected")
    func givenTwice() throws {
      let free = try ListeningSocket(address("127.0.0.1:0"), besides: []).address
      let error = try error { try HTTPServer(addresses: [free, free], routes: [:]).close() }
      #expect(error.code == .addressesOverlap(with: free))
    }

    @Test("an unresolvable name and another machine's address are errors")
    func unknownHosts() throws {
      // A label of more than 63 letters is rejected without a DNS query.
      let label = String(repeating: "a", count: 64)
      let unresolved = try error {
        try HTTPServer(addresses: [address("\(label).invalid:0")], routes: [:]).close()
      }
      guard case .cannotResolve(let reason) = unresolved.code else {
        Issue.record("not a resolver's error: \(unresolved)")
        return
      }
      #expect(
        unresolved.description.contains("cannot resolve the host name (\(reason)); check the host name"))
      let elsewhere = try error { try HTTPServer(addresses: [address("192.0.2.1:0")], routes: [:]).close() }
      #expect(elsewhere.code == .addressUnavailable)
    }

    @Test("if the last address fails, the first one is released")
    func releasesTheFirst() throws {
      let other = try ListeningSocket(address("127.0.0.1:0"), besides: [])
      let free = try ListeningSocket(address("127.0.0.1:0"), besides: []).address
      let error = try error {
        try HTTPServer(addresses: [free, other.address], routes: metrics("up 1\n")).close()
      }
      #expect(error.address == other.address)
      #expect(error.code == .addressInUse)
      #expect(try ListeningSocket(free, besides: []).address == free)
    }

    @Test("a listening socket knows how many connections wait to be accepted")
    func waiting() throws {
      let socket = try ListeningSocket(address("127.0.0.1:0"), besides: [])
      #expect(socket.waitingConnections == 0)
      let clients = try (0..<3).map { _ in try RawClient(port: socket.address.port) }
      #expect(socket.waitingConnections == clients.count)
    }
  }
}
