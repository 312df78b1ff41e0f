// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A container that a runtime has started with ``ContainerWork``. It is removed with its last reference.
package protocol RunningContainer: AnyObject {
  /// 64 hex digits.
  var id: String { get }

  /// The host's PID of its init, while it lives.
  func initPID() throws -> Int32

  /// Returns the ground truth when the work is complete. The container is still live if its work stays.
  func untilReady() throws -> ContainerTruth

  /// Makes the runtime send SIGTERM, which ends the work.
  func stop() throws

  /// Waits for the regular exit, and returns the complete ground truth.
  func finish() throws -> ContainerTruth
}

extension RunningContainer {
  /// The inum of its PID namespace, from the link of its init.
  package func pidns() throws -> UInt32 { try PIDNamespaceLink.read(of: initPID()) }

  /// Stops it, and returns the complete ground truth.
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

/// Random ids in the form of runtimes.
package enum ContainerID {
  package static func random() -> String {
    (0..<4).map { _ in
      let digits = String(UInt64.random(in: .min ... .max), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
