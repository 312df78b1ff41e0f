// SPDX-License-Identifier: Apache-2.0

import CLibCurl
import Platform

extension HTTPClient {
  /// Returns the failure for a libcurl error code.
  func failure(_ code: CURLcode) -> HTTPFailure {
    let functions = unsafe library.functions
    var detail = unsafe String(cString: errorText)
    if detail.isEmpty, let text = unsafe functions.pointee.easy_strerror(code) {
      detail = unsafe String(cString: text)
    }
    return HTTPFailure(kind(code), detail)
  }

  private func kind(_ code: CURLcode) -> HTTPFailure.Kind {
    switch code {
    case CURLE_WRITE_ERROR: transfer.hasTooManyHeaders ? .malformed : .other
    case CURLE_OUT_OF_MEMORY: .noResources
    case CURLE_OPERATION_TIMEDOUT: .timeout
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .unresolved
    case CURLE_COULDNT_CONNECT: .unreachable(errno: Int32(clamping: number(CURLINFO_OS_ERRNO)))
    case CURLE_PROXY: .proxy
    case CURLE_RECV_ERROR where number(CURLINFO_HTTP_CONNECTCODE) / 100 > 2: .proxy
    // GnuTLS and OpenSSL verify the signatures. After that, libcurl verifies the name.
    case CURLE_PEER_FAILED_VERIFICATION: number(CURLINFO_SSL_VERIFYRESULT) == 0 ? .otherName : .untrusted
    case CURLE_SSL_CONNECT_ERROR: .handshake
    case CURLE_SSL_CERTPROBLEM: .identity
    case CURLE_SSL_CACERT_BADFILE: .authority
    case CURLE_GOT_NOTHING: .closed
    case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE: transfer.head == nil ? .closed : .cut
    case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2:
      .malformed
    default: .other
    }
  }

  private func number(_ info: CURLINFO) -> Int { unsafe CCURL_number(library.functions, easy, info) }

  /// Returns a file that libcurl can read; nil without content.
  ///
  /// - Throws: `noResources` if the kernel cannot create the file.
  static func file(_ bytes: [UInt8]?) throws(HTTPFailure) -> MemoryFile? {
    guard let bytes else { return nil }
    guard let file = MemoryFile(bytes) else {
      throw HTTPFailure(.noResources, "no memory or no descriptor for a certificate")
    }
    return file
  }

  /// Returns whether a URL's host is `localhost` or a loopback address.
  static func isLoopback(_ url: String) -> Bool {
    guard let host = try? URLParts(reading: url)?.host else { return false }
    let name = host.lowercased()
    let isIPv4 = name.hasPrefix("127.") && name.utf8.allSatisfy { $0 == 0x2e || (0x30...0x39).contains($0) }
    return name == "localhost" || name == "[::1]" || isIPv4
  }
}
