// SPDX-License-Identifier: Apache-2.0

import CGnuTLS

/// An error number of GnuTLS.
struct GnuTLSError: Error {
  let code: Int32

  /// GnuTLS' text, without a full stop, in lower case.
  var text: String {
    let text = unsafe gnutls_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    let line = text.hasSuffix(".") ? String(text.dropLast()) : text
    return line.prefix(1).lowercased() + line.dropFirst()
  }

  /// Throws the error if a call failed.
  static func check(_ code: Int32) throws(GnuTLSError) {
    if code < 0 { throw GnuTLSError(code: code) }
  }
}

/// Passes bytes in the form of GnuTLS. The pointer is valid only during the call.
func withDatum<Result>(_ bytes: [UInt8], _ body: (UnsafePointer<gnutls_datum_t>) -> Result) -> Result {
  unsafe bytes.withUnsafeBufferPointer { buffer in
    var datum = unsafe gnutls_datum_t(
      data: UnsafeMutablePointer(mutating: buffer.baseAddress), size: UInt32(buffer.count))
    return unsafe body(&datum)
  }
}
