// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness
import Testing

extension KernelTests {
  /// The confined exporter asks an API server about the tokens of its clients.
  @Suite(.serialized) struct Tokens {
    @Test("A confined exporter has tokens checked, and stops while the API server does not answer")
    func reviews() async throws {
      let cluster = try await Cluster()
      let server = cluster.server
      server.add(token: "right-token", of: ReviewUser("system:serviceaccount:monitoring:prometheus"))
      server.permit("system:serviceaccount:monitoring:prometheus", "get", "/metrics")
      let port = try HTTP.freePort()
      let child = try Child(
        Built.exporter.path(),
        cluster.flags + ["--web.kubernetes-auth", "--web.listen-address=127.0.0.1:\(port)"])
      func status(_ path: String, _ token: String) throws -> Int {
        try HTTP.exchange(port: port, "GET \(path) HTTP/1.1", headers: ["Authorization: Bearer \(token)"])
          .status
      }
      try eventually("it is ready") { (try? status("/-/ready", "")) == 200 }
      #expect(try status("/metrics", "right-token") == 200)
      #expect(try status("/metrics", "wrong-token") == 401)
      #expect(try status("/", "right-token") == 403)
      try eventually("the next poll shows the refusal") {
        let page = try HTTP.exchange(
          port: port, "GET /metrics HTTP/1.1", headers: ["Authorization: Bearer right-token"])
        #expect(page.status == 200 && !page.body.contains("pidns_web_config_"))
        return page.body.contains("pidns_web_unauthorized_requests_total{reason=\"forbidden\"} 1\n")
      }

      server.inject(.tokenReview, .silence)
      let waiting = Task.detached { try? status("/metrics", "new-token") }
      let asked = server.requests.count
      try eventually("the API server is asked") {
        server.faultsLeft(.tokenReview) == 0 && server.requests.count >= asked
      }
      child.signal(SIGTERM)
      #expect(child.wait() == 0, "\(child.stderr)")
      _ = await waiting.value
      #expect(child.stderr.contains("tokens of clients are sent without encryption"))
      for secret in ["right", "wrong", "new"] { #expect(!child.stderr.contains("\(secret)-token")) }
      try await cluster.end()
    }
  }
}
