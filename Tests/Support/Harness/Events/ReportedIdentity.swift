// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A line of the workload's case `identities`: the identity of a process as it reads it itself.
package struct ReportedIdentity {
  /// The role of the process in the case.
  package let who: String
  package let comm: String
  /// The numeric event fields that a process can read itself, by name.
  package let numbers: [String: Int64]

  package init(line: String) throws {
    let fields = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    guard let who = fields["who"] as? String, let comm = fields["comm"] as? String else {
      throw TestFailure("not a reported identity: \(line)")
    }
    self.who = who
    self.comm = comm
    numbers = fields.compactMapValues { ($0 as? NSNumber)?.int64Value }
  }

  /// Reads the live process in the host's /proc: its PIDs, its user id in the initial user
  /// namespace, and the inode of its cgroup.
  package func seenFromHost() throws -> [String: Int64] {
    for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
      guard let pid = Int64(entry), let process = ProcStatus("/proc/\(pid)/status"),
        process.numberInside == numbers["pid"],
        let inode = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/pid"),
        inode == "pid:[\(numbers["pid_ns"] ?? 0)]"
      else { continue }
      let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
      let tid = tasks.first { ProcStatus("/proc/\(pid)/task/\($0)/status")?.numberInside == numbers["tid"] }
      guard let tid = tid.flatMap({ Int64($0) }), let user = ProcStatus("/proc/\(pid)/task/\(tid)/status")
      else { throw TestFailure("no thread of \(pid) is \(numbers)") }
      return try [
        "host_pid": pid, "host_tid": tid, "host_ppid": user.number("PPid:"), "uid": user.number("Uid:"),
        "gid": user.number("Gid:"), "cgroup_id": Cgroups.inode(of: "/proc/\(pid)/task/\(tid)/cgroup"),
      ]
    }
    throw TestFailure("the host has no process \(numbers)")
  }
}

/// `/proc/PID/status`: proc(5).
private struct ProcStatus {
  private let fields: [Substring: [Substring]]

  init?(_ path: String) {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    var fields: [Substring: [Substring]] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      fields[words[0]] = Array(words.dropFirst())
    }
    self.fields = fields
  }

  /// In the innermost pid namespace.
  var numberInside: Int64? { fields["NSpid:"]?.last.flatMap { Int64($0) } }

  /// The first number of a line.
  func number(_ name: Substring) throws -> Int64 {
    guard let number = fields[name]?.first.flatMap({ Int64($0) }) else {
      throw TestFailure("no \(name) in a status")
    }
    return number
  }
}

/// The mounted cgroup hierarchies.
private enum Cgroups {
  /// Returns the inode of the cgroup that identifies the container: in v1's hierarchy of pids, or of memory if there is no
  /// pids, unless it is the root; else in v2.
  static func inode(of path: String) throws -> Int64 {
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false) }
    func line(_ controller: Substring) -> [Substring]? {
      lines.first { $0[1].split(separator: ",").contains(controller) }
    }
    if let controlled = line("pids") ?? line("memory"), controlled[2] != "/" {
      return try inode("cgroup", option: controlled[1], controlled[2])
    }
    guard let unified = lines.first(where: { $0[0] == "0" }) else { throw TestFailure("no cgroup v2") }
    return try inode("cgroup2", option: nil, unified[2])
  }

  private static func inode(_ type: Substring, option: Substring?, _ path: Substring) throws -> Int64 {
    let mounts = try String(contentsOfFile: "/proc/mounts", encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: " ") }
    let mount = mounts.first { fields in
      fields[2] == type
        && (option.map { $0.split(separator: ",") } ?? []).allSatisfy(
          fields[3].split(separator: ",").contains)
    }
    guard let mount else { throw TestFailure("a hierarchy of \(type) is not mounted") }
    let attributes = try FileManager.default.attributesOfItem(atPath: "\(mount[1])\(path)")
    return (attributes[.systemFileNumber] as? NSNumber)?.int64Value ?? 0
  }
}
