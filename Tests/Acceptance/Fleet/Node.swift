// SPDX-License-Identifier: Apache-2.0

import APIServer
import Foundation
import Harness

/// A node: its pods, which this machine's kernel runs for all nodes, and an exporter that shows these alone.
final class Node {
  /// What its address follows from; an exporter that takes another's place has another one.
  let number: Int
  /// What it is called.
  let name: String
  var pods: [Pod]
  private var exporter: Child?
  private var starts = 0

  /// A pod of one container, in which a process a second begins and ends.
  struct Pod {
    let namespace: String
    let name: String
    /// nil before it has begun.
    var container: RuncContainer?
  }

  init(_ number: Int, pods: [Pod]) {
    self.number = number
    name = "node-\(number)"
    self.pods = pods
  }

  var address: String { "\(Network.address(number)):10059" }
  var pid: Int32 { exporter?.pid ?? 0 }

  /// Starts the exporter, in a network of its own, which has to be there before it listens.
  func start(_ cluster: Cluster) throws {
    let pattern = pods.map(\.name).joined(separator: "|")
    let exporter = try Child(
      "/usr/bin/unshare",
      [
        "--net", "sh", "-c", "echo there && read -r go && exec \"$@\"", "sh", Built.exporter.path(),
        "--labels.grace=5s",
      ]
        + cluster.flags + ["--namespaces.include=pod=\(pattern)"])
    // By then it is in the network namespace that is to be connected.
    guard exporter.line() == "there" else { throw TestFailure("\(name): \(exporter.stderr)") }
    // The one before goes with its namespace, some time after the process.
    starts += 1
    try Network.connect(number, exporter.pid, by: "node\(number)-\(starts)")
    exporter.send(line: "go")
    exporter.closeInput()
    self.exporter = exporter
  }

  /// Ends the exporter by SIGTERM, and its network with it.
  func stop() throws {
    exporter?.signal(SIGTERM)
    guard exporter?.wait() == 0 else { throw TestFailure("\(name): \(exporter?.stderr ?? "")") }
    exporter = nil
  }
}
