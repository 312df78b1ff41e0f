// SPDX-License-Identifier: Apache-2.0

import Harness

/// A network of nodes. Each has its own network namespace, connected by a bridge in this process's network namespace, which must be
/// a new one. 198.18.0.0/15 is reserved for such tests (RFC 2544). The network disappears with its processes.
enum Network {
  /// The bridge's address, under which nodes reach this process.
  static let hub = "198.18.0.1"

  static func address(_ node: Int) -> String { "198.18.\(1 + node / 200).\(1 + node % 200)" }

  /// Creates the bridge.
  static func begin() throws {
    guard try Child.run("/usr/bin/env", ["ip", "-o", "link"]).stdout.split(separator: "\n").count == 1 else {
      throw TestFailure("this network namespace has other interfaces: start it with unshare --net")
    }
    try ip("link set lo up")
    try ip("link add hub type bridge")
    try ip("address add \(hub)/15 dev hub")
    try ip("link set hub up")
  }

  /// Connects the network namespace of a process, by an interface with a name.
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
