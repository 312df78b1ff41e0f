// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MetricsHTTP

@Suite struct ListenAddressTests {
  @Test(
    "host and port are split",
    arguments: [
      (":10059", "", 10059), ("127.0.0.1:9000", "127.0.0.1", 9000), ("[::1]:9000", "::1", 9000),
      ("localhost:9000", "localhost", 9000), ("[::]:0", "::", 0), (":0", "", 0), (":65535", "", 65535),
      ("[fe80::1%eth0]:80", "fe80::1%eth0", 80), ("my-host.example_1.org:1", "my-host.example_1.org", 1),
    ] as [(String, String, UInt16)])
  func parses(text: String, host: String, port: UInt16) throws {
    let address = try #require(ListenAddress(text))
    #expect(address.host == host)
    #expect(address.port == port)
    #expect(address.description == text)
  }

  @Test(
    "an invalid address is rejected",
    arguments: [
      "", ":", "9000", "localhost", "localhost:", "127.0.0.1", ":65536", ":999999", ":-1", ":+80", ": 80",
      ":80 ",
      ":8o", ":٣", "::1:9000", "::", "[::1]", "[::1]9000", "[::1:9000", "::1]:9000", "[]:9000",
      "[127.0.0.1]:9000",
      "[localhost]:9000", "[::1%]:9000", "[::1%a/b]:9000", "[::g]:9000", "[::\0]:9000", "a b:9000",
      "a/b:9000",
      "a\0b:9000", "http://localhost:9000", "\(String(repeating: "a", count: 254)):9000",
    ])
  func refuses(text: String) {
    #expect(ListenAddress(text) == nil)
  }
}
