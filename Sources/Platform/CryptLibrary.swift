// SPDX-License-Identifier: Apache-2.0

import Glibc

/// libcrypt (libxcrypt), which compares passwords with their hashes. Loaded on first use and never unloaded.
///
/// Every Debian has it. A process that checks no password does not load it: 0.2 MiB.
@safe package final class CryptLibrary: Sendable {
  private typealias CryptR =
    @convention(c) (
      UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer
    ) -> UnsafeMutablePointer<CChar>?

  private nonisolated(unsafe) let cryptR: CryptR

  /// The size of `struct crypt_data`, which libxcrypt keeps at that of older versions.
  private static let dataSize = 32 * 1024

  /// The library of this process; nil if there is none. The first access loads it.
  package static let shared = CryptLibrary(["libcrypt.so.1", "libcrypt.so.2"])

  /// - Parameter names: Candidates; the first that exists is loaded.
  init?(_ names: [String]) {
    guard let handle = unsafe names.lazy.compactMap({ unsafe dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first,
      let symbol = unsafe dlsym(handle, "crypt_r")
    else { return nil }
    unsafe cryptR = unsafeBitCast(symbol, to: CryptR.self)
  }

  /// Returns whether a password has a hash (`crypt_r`). The duration depends on the hash: about 70 ms for bcrypt with
  /// cost 10. Never true for a password of more than 511 bytes or with a zero byte.
  ///
  /// - Parameter hash: The hash with its method and salt: `$2y$10$…`.
  package func matches(_ password: [UInt8], hash: String) -> Bool {
    let data = UnsafeMutableRawPointer.allocate(byteCount: Self.dataSize, alignment: 16)
    unsafe data.initializeMemory(as: UInt8.self, repeating: 0, count: Self.dataSize)
    defer {
      unsafe explicit_bzero(data, Self.dataSize)
      unsafe data.deallocate()
    }
    let text = (password.contains(0) ? [] : password.map(CChar.init(bitPattern:))) + [0]
    guard let made = unsafe cryptR(text, hash, data) else { return false }
    let (one, other) = (Array(unsafe String(cString: made).utf8), Array(hash.utf8))
    // Compares all bytes, so that the time does not depend on the first difference.
    let difference = zip(one, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
    return difference == 0 && one.count == other.count && !password.contains(0)
  }
}
