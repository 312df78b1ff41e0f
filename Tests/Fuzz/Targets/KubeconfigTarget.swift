// SPDX-License-Identifier: Apache-2.0

@testable import Kubernetes

/// A kubeconfig.
enum KubeconfigTarget {
  static func run(_ input: [UInt8]) {
    WebConfigTarget.checkYAML(input)
    let path = Files.write(input, to: "kubeconfig")
    do {
      let configuration = try Configuration.kubeconfig(path: path)
      _ = configuration.port(environment: ["HTTPS_PROXY": ""])
      _ = configuration.resolvesNames(environment: [:])
    } catch {
      check(!error.description.utf8.contains(0x0A), "an error of several lines: \(error)")
    }
  }
}
