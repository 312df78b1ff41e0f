// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A new folder in /tmp. It is removed with its contents when it is released.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/pidns-bench-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer {
      unsafe mkdtemp($0.baseAddress.unsafelyUnwrapped) != nil
    }
    guard made else { throw BenchError("cannot create a folder in /tmp: errno \(errno)") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { _ = try? Child.output(of: ["/bin/rm", "-rf", path]) }

  /// Writes a file. Returns its path.
  @discardableResult
  func write(_ bytes: some Collection<UInt8>, to name: String) throws -> String {
    let file = path + "/" + name
    try File.write(bytes, to: file)
    return file
  }
}

/// Whole files.
enum File {
  static func write(_ bytes: some Collection<UInt8>, to path: String) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BenchError("cannot write \(path): errno \(errno)") }
    defer { _ = close(descriptor) }
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw BenchError("cannot write \(path): errno \(errno)") }
      rest = rest.dropFirst(count)
    }
  }

  static func read(_ path: String) throws -> String {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw BenchError("cannot read \(path): errno \(errno)") }
    defer { _ = close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe piece.withUnsafeMutableBytes {
        unsafe Glibc.read(descriptor, $0.baseAddress, $0.count)
      }
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += piece[..<count]
    }
  }
}
