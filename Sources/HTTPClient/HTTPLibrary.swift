// SPDX-License-Identifier: Apache-2.0

import CLibCurl

/// libcurl, loaded when it is first needed and never unloaded.
///
/// Loading takes 15 to 20 ms and 0.9 MiB of memory that is no file's, which a process without a client does not pay.
@safe final class HTTPLibrary: Sendable {
  /// Debian's flavour with GnuTLS, which libmicrohttpd has in the process already; then what other distributions have.
  static let names = ["libcurl-gnutls.so.4", "libcurl.so.4"]

  private static let loaded = Result { () throws(HTTPFailure) in try HTTPLibrary(names) }

  /// The library of this process.
  ///
  /// - Throws: `noLibrary`, with what to install.
  static var shared: HTTPLibrary {
    get throws(HTTPFailure) { try loaded.get() }
  }

  /// The functions. Never freed: threads may use them until the process ends.
  nonisolated(unsafe) let functions: UnsafePointer<CCURL_Library>

  /// - Parameter names: What to load, the first one that is there.
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
        .noLibrary, "libcurl has no \(unsafe String(cString: missing)): version 7.68 or later is needed")
    }
    guard unsafe functions.pointee.global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK else {
      throw HTTPFailure(.noLibrary, "libcurl cannot be initialised")
    }
    unsafe self.functions = UnsafePointer(functions)
  }
}
