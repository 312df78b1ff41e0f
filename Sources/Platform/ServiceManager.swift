// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The connection to the service manager that has started this process, by systemd's protocol: sd_notify(3).
///
/// A message is one datagram. The socket is connected before the process confines itself, and no message waits for the
/// manager. libsystemd 252 would do the same with six more libraries: 1 MB resident, of which 140 KB private, and 0.7 ms to load.
package struct ServiceManager: ~Copyable {
  /// The manager's address cannot be used, as a text for users.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  private let socket: Int32
  /// The longest time without a message that the manager allows; nil if it does not watch this process.
  package let watchdog: Duration?

  /// Takes the address from the environment, so that programs that this one starts do not get it.
  ///
  /// - Returns: nil if no service manager waits for messages.
  package static func fromEnvironment() throws(Failure) -> ServiceManager? {
    let environment = Environment.variables
    for name in ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"] { _ = unsafe unsetenv(name) }
    return try connect(environment, pid: getpid())
  }

  /// Connects to the manager that an environment names for a process.
  static func connect(_ environment: [String: String], pid: Int32) throws(Failure) -> ServiceManager? {
    guard let address = environment["NOTIFY_SOCKET"], !address.isEmpty else { return nil }
    return ServiceManager(socket: try socket(to: address), watchdog: watchdog(environment, pid: pid))
  }

  private init(socket: Int32, watchdog: Duration?) {
    self.socket = socket
    self.watchdog = watchdog
  }

  deinit { _ = close(socket) }

  /// Sends assignments such as `READY=1`, one in each line.
  ///
  /// - Returns: false if the manager does not take the message now. It does not wait.
  package borrowing func send(_ message: String) -> Bool {
    let bytes = Array(message.utf8)
    let flags = CInt(MSG_DONTWAIT | MSG_NOSIGNAL)
    return unsafe Glibc.send(socket, bytes, bytes.count, flags) == bytes.count
  }

  static func watchdog(_ environment: [String: String], pid: Int32) -> Duration? {
    if let watched = environment["WATCHDOG_PID"], Int32(watched) != pid { return nil }
    guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0 else {
      return nil
    }
    return .microseconds(microseconds)
  }

  /// Connects a datagram socket to a path, or after `@` to an abstract name.
  private static func socket(to address: String) throws(Failure) -> Int32 {
    var name = Array(address.utf8)
    guard name[0] == UInt8(ascii: "/") || name[0] == UInt8(ascii: "@") else {
      throw Failure(description: "NOTIFY_SOCKET is no unix socket: \(address)")
    }
    if name[0] == UInt8(ascii: "@") { name[0] = 0 }
    var target = sockaddr_un()
    target.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: target.sun_path)
    // A path ends with a zero.
    guard name.count < room else { throw Failure(description: "NOTIFY_SOCKET is too long: \(address)") }
    unsafe withUnsafeMutableBytes(of: &target.sun_path) { unsafe $0.copyBytes(from: name) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size - room + name.count)
    let descriptor = Glibc.socket(
      AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(description: Errno.text(errno)) }
    let result = unsafe withUnsafePointer(to: &target) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe Glibc.connect(descriptor, $0, length)
      }
    }
    guard result == 0 else {
      let reason = Errno.text(errno)
      _ = close(descriptor)
      throw Failure(description: "cannot connect to \(address): \(reason)")
    }
    return descriptor
  }
}
