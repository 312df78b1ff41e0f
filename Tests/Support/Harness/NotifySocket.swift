// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A service manager's socket, as systemd has one: sd_notify(3).
package final class NotifySocket {
  private let socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)

  /// - Parameter name: A path, or an abstract name after `@`.
  package init(_ name: String) throws {
    var bytes = Array(name.utf8)
    if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(socket, $0, length) }
    }
    guard result == 0 else { throw TestFailure("cannot bind \(name): \(errno)") }
  }

  deinit { close(socket) }

  /// All messages that have arrived since the last call.
  package func messages() -> [String] {
    var all: [String] = []
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      if count < 0 { return all }
      all.append(String(decoding: bytes.prefix(count), as: UTF8.self))
    }
  }
}
