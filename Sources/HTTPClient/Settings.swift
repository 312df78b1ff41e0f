// SPDX-License-Identifier: Apache-2.0

import CLibCurl

/// Sets the options of a request, and keeps the first error.
@safe struct Settings {
  private let functions: UnsafePointer<CCURL_Library>
  private let easy: UnsafeMutableRawPointer
  private(set) var failed: HTTPFailure?

  init(_ functions: UnsafePointer<CCURL_Library>, _ easy: UnsafeMutableRawPointer) {
    unsafe self.functions = unsafe functions
    unsafe self.easy = unsafe easy
  }

  mutating func set(_ option: CURLoption, _ number: Int) {
    check(unsafe CCURL_set_number(functions, easy, option, number))
  }

  mutating func set(_ option: CURLoption, _ text: String?) {
    // libcurl would use a text only up to its first zero byte.
    if text?.utf8.contains(0) == true { return check(CURLE_BAD_FUNCTION_ARGUMENT) }
    check(unsafe CCURL_set_text(functions, easy, option, text))
  }

  /// Sets an optional setting that older versions of libcurl lack. Ignores errors.
  func attempt(_ option: CURLoption, _ number: Int) {
    _ = unsafe CCURL_set_number(functions, easy, option, number)
  }

  mutating func check(_ code: CURLcode) {
    guard code != CURLE_OK && failed == nil else { return }
    let text =
      unsafe functions.pointee.easy_strerror(code).map { unsafe String(cString: $0) } ?? "\(code.rawValue)"
    failed = HTTPFailure(.noResources, "libcurl rejects a setting: \(text)")
  }
}
