// SPDX-License-Identifier: Apache-2.0

import CLibCurl

/// libcurl, loaded on first use and never unloaded.
///
/// Loading needs 15 to 20 ms and 0.9 MiB of private memory. A process without a client does not load it.
@safe final class HTTPLibrary: Sendable {
  /// Debian's variant with GnuTLS is first, because libmicrohttpd has already loaded GnuTLS. The second is the name on
  /// other distributions.
  static let names = ["libcurl-gnutls.so.4", "libcurl.so.4"]

  private static let loaded = Result { () throws(HTTPFailure) in try HTTPLibrary(names) }

  /// The library of this process. The first access loads it.
  ///
  /// - Throws: `noLibrary`, with the package to install.
  static var shared: HTTPLibrary {
    get throws(HTTPFailure) { try loaded.get() }
  }

  /// The functions. Never freed, because threads may use them until the process ends.
  nonisolated(unsafe) let functions: UnsafePointer<CCURL_Library>

  /// Loads libcurl.
  ///
  /// - Parameter names: Candidates; the first that exists is loaded.
  init(_ names: [String]) throws(HTTPFailure) {
    guard let handle = unsafe names.lazy.compactMap({ unsafe dlopen($0, RTLD_NOW | RTLD_LOCAL) }).first else {
      let reason = unsafe dlerror().map { unsafe String(cString: $0) } ?? ""
      throw HTTPFailure(
        .noLibrary,
        "\(names[0]) cannot be loaded: install libcurl3-gnutls (from Debian 13 on libcurl3t64-gnutls) [\(reason)]"
      )
    }
    let functions = UnsafeMutablePointer<CCURL_Library>.allocate(capacity: 1)
    unsafe functions.initialize(to: CCURL_Library())
    if let missing = unsafe CCURL_resolve(handle, functions) {
      throw HTTPFailure(
        .noLibrary, "libcurl has no \(unsafe String(cString: missing)): install version 7.68 or later")
    }
    guard unsafe functions.pointee.global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK else {
      throw HTTPFailure(.noLibrary, "libcurl cannot be initialised")
    }
    unsafe self.functions = UnsafePointer(functions)
  }
}
