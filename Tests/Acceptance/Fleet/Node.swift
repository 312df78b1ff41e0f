// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness

/// A node: its pods, which all run on this machine's kernel, and an exporter that exposes only these.
final class Node {
  /// Determines the address. An exporter that replaces another one has a new number.
  let number: Int
  /// The instance label.
  let name: String
  var pods: [Pod]
  private var exporter: Child?
  private var starts = 0

  /// A pod with one container, in which one process starts and exits per second.
  struct Pod {
    let namespace: String
    let name: String
    /// nil before its start.
    var container: RuncContainer?
  }

  init(_ number: Int, pods: [Pod]) {
    self.number = number
    name = "node-\(number)"
    self.pods = pods
  }

  var address: String { "\(Network.address(number)):10059" }
  var pid: Int32 { exporter?.pid ?? 0 }

  /// Starts the exporter in its own network namespace, which is connected before the exporter listens.
  func start(_ cluster: Cluster) throws {
    let pattern = pods.map(\.name).joined(separator: "|")
    let exporter = try Child(
      "/usr/bin/unshare",
      [
        "--net", "sh", "-c", "echo there && read -r go && exec \"$@\"", "sh", Built.exporter.path(),
        "--labels.grace=5s",
      ]
        + cluster.flags + ["--namespaces.include=pod=\(pattern)"])
    // At this point it is in the new network namespace.
    guard exporter.line() == "there" else { throw TestFailure("\(name): \(exporter.stderr)") }
    // The previous interface disappears with its namespace, some time after the process.
    starts += 1
    try Network.connect(number, exporter.pid, by: "node\(number)-\(starts)")
    exporter.send(line: "go")
    exporter.closeInput()
    self.exporter = exporter
  }

  /// Sends SIGTERM to the exporter; its network namespace ends with it.
  func stop() throws {
    exporter?.signal(SIGTERM)
    guard exporter?.wait() == 0 else { throw TestFailure("\(name): \(exporter?.stderr ?? "")") }
    exporter = nil
  }
}
