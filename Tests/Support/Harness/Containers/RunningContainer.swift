// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A container that a runtime has started with ``ContainerWork``, removed with its last reference.
package protocol RunningContainer: AnyObject {
  /// 64 hex digits.
  var id: String { get }

  /// Its init, as the host numbers it, while it lives.
  func initPID() throws -> Int32

  /// What it has done once it has done its work; it still lives, if its work is to stay.
  func untilReady() throws -> ContainerTruth

  /// Has the runtime send SIGTERM, which ends the work.
  func stop() throws

  /// Waits for its end, which has to be that of work that was done, and answers the whole truth.
  func finish() throws -> ContainerTruth
}

extension RunningContainer {
  /// The number of its pid namespace, by the link of its init.
  package func pidns() throws -> UInt32 { try PIDNamespaceLink.read(of: initPID()) }

  /// Stops it, and answers the whole truth.
  package func stopAndFinish() throws -> ContainerTruth {
    try stop()
    return try finish()
  }
}

/// `/proc/PID/ns/pid`, which reads `pid:[4026532178]`.
package enum PIDNamespaceLink {
  package static func read(of pid: Int32) throws -> UInt32 {
    let text = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/pid")
    guard let number = UInt32(text.drop { $0 != "[" }.dropFirst().dropLast()) else {
      throw TestFailure("no number of a namespace: \(text)")
    }
    return number
  }
}

/// Ids as runtimes make them up.
package enum ContainerID {
  package static func random() -> String {
    (0..<4).map { _ in
      let digits = String(UInt64.random(in: .min ... .max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
