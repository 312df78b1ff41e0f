// SPDX-License-Identifier: Apache-2.0

import Harness
import MetricsHTTP
import Testing

@testable import Exporter

@Suite struct CurlCommandTests {
  @Test(
    "The command has the address, the path and the credentials of the configuration",
    arguments: [
      (":10059", CurlCommand(path: "/metrics"), "curl http://localhost:10059/metrics"),
      ("0.0.0.0:80", CurlCommand(path: "/metrics"), "curl http://localhost:80/metrics"),
      ("[::]:80", CurlCommand(path: "/metrics"), "curl http://localhost:80/metrics"),
      ("127.0.0.1:9", CurlCommand(path: "/pidns/m"), "curl http://127.0.0.1:9/pidns/m"),
      ("[::1]:9", CurlCommand(path: "/metrics"), "curl 'http://[::1]:9/metrics'"),
      ("node-1:9", CurlCommand(path: "/metrics"), "curl http://node-1:9/metrics"),
      (
        "unix:/run/a b.sock", CurlCommand(path: "/metrics"),
        "curl --unix-socket '/run/a b.sock' http://localhost/metrics"
      ),
      (":1", CurlCommand(path: "/it's"), #"curl 'http://localhost:1/it'\''s'"#),
      (
        ":1", CurlCommand(path: "/metrics", hasTLS: true), "curl --cacert CA.pem https://localhost:1/metrics"
      ),
      (
        ":1",
        CurlCommand(path: "/metrics", hasTLS: true, requiresCertificate: true, requiresPassword: true),
        "curl --cacert CA.pem --cert CERTIFICATE.pem --key KEY.pem --user USER https://localhost:1/metrics"
      ),
      (
        ":1", CurlCommand(path: "/metrics", requiresToken: true),
        "curl --header 'Authorization: Bearer TOKEN' http://localhost:1/metrics"
      ),
    ])
  func text(address: String, command: CurlCommand, expected: String) throws {
    #expect(command.text(for: try #require(ListenAddress(address))) == expected)
  }

  @Test("A shell reads the words of the command as they were")
  func quoting() throws {
    let command = CurlCommand(path: "/it's $(x)")
    let text = command.text(for: try #require(ListenAddress("unix:/run/'a\"b")))
    let shell = try Child.run("/bin/sh", ["-c", "set -- \(text); printf '%s\\n' \"$@\""])
    #expect(shell.stdout == "curl\n--unix-socket\n/run/'a\"b\nhttp://localhost/it's $(x)\n")
  }
}
