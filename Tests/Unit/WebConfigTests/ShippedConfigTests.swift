// SPDX-License-Identifier: Apache-2.0

import Foundation
import Harness
import Testing

@testable import WebConfig

/// The web configurations of the Kubernetes components.
@Suite struct ShippedConfigTests {
  private static let components = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../deploy/kubernetes/components").standardized

  /// Returns the text of the first `web.yml` in a manifest.
  private func webConfig(_ file: String) throws -> String {
    let manifest = try String(contentsOf: Self.components.appending(path: file), encoding: .utf8)
    let key = try #require(manifest.firstRange(of: "web.yml: |\n"))
    let lines = manifest[key.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
    let indent = try #require(lines.first).prefix { $0 == " " }
    return lines.prefix { $0.hasPrefix(indent) }.map { $0.dropFirst(indent.count) }.joined(separator: "\n")
  }

  @Test(
    "The exporter accepts them, with the files of the mounted Secret",
    arguments: ["tls/web-config.yaml", "tls-client-certificates/kustomization.yaml"])
  func accepted(file: String) throws {
    let folder = try TemporaryFolder()
    let configuration = try WebConfiguration(reading: folder.write(webConfig(file), to: "web.yml"))
    let items = configuration.files.map { $0.replacing("/etc/pidns-exporter/tls/", with: "") }
    let needsClients = file.hasPrefix("tls-client")
    #expect(Set(items) == Set(["tls.crt", "tls.key"] + (needsClients ? ["ca.crt"] : [])))
    #expect((configuration.tls?.clientAuthentication == .requireAndVerify) == needsClients)
  }
}
