// SPDX-License-Identifier: Apache-2.0

import Harness

/// A network of nodes, each in a network namespace of its own, around a bridge in the one that this process is in: it has to be one of
/// its own, too. 198.18.0.0/15 is for such tests (RFC 2544). All of it goes with the processes in it.
enum Network {
  /// Where the nodes find what listens here.
  static let hub = "198.18.0.1"

  static func address(_ node: Int) -> String { "198.18.\(1 + node / 200).\(1 + node % 200)" }

  /// Makes the bridge.
  static func begin() throws {
    guard try Child.run("/usr/bin/env", ["ip", "-o", "link"]).stdout.split(separator: "\n").count == 1 else {
      throw TestFailure("this network namespace has interfaces: run it by unshare --net")
    }
    try ip("link set lo up")
    try ip("link add hub type bridge")
    try ip("address add \(hub)/15 dev hub")
    try ip("link set hub up")
  }

  /// Connects the network namespace that a process is in, by an interface of that name.
  static func connect(_ node: Int, _ pid: Int32, by interface: String) throws {
    try ip("link add \(interface) type veth peer name eth0 netns \(pid)")
    try ip("link set \(interface) master hub up")
    let inside = ["--target", "\(pid)", "--net", "ip"]
    for command in ["link set lo up", "address add \(address(node))/15 dev eth0", "link set eth0 up"] {
      try run(["nsenter"] + inside + command.split(separator: " ").map(String.init))
    }
  }

  private static func ip(_ command: String) throws {
    try run(["ip"] + command.split(separator: " ").map(String.init))
  }

  private static func run(_ command: [String]) throws {
    let (status, _, stderr) = try Child.run("/usr/bin/env", command)
    guard status == 0 else { throw TestFailure("\(command.joined(separator: " ")): \(stderr)") }
  }
}
