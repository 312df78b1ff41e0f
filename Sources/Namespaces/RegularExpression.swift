// SPDX-License-Identifier: Apache-2.0

import CPCRE2
import Glibc

/// A regular expression of Perl's syntax, which has to match a whole text.
///
/// Texts may be anybody's, such as the name of a container, and expressions like `(.*x)+` take a time that doubles with each
/// character of some of them. PCRE2 counts its steps, and a match that takes too many ends.
@safe final class RegularExpression: Sendable {
  /// The steps of one match: 1.3 ms. Ordinary expressions need at most about a thousand for a name of 252 bytes (measured).
  private static let stepLimit: UInt32 = 100_000
  /// Of one match, in KiB.
  private static let heapLimit: UInt32 = 1024

  private nonisolated(unsafe) let code: OpaquePointer
  private let library: PCRE2

  /// Compiles an expression, and loads PCRE2 if this is the first one.
  ///
  /// - Throws: `Problem` if it is no expression, or if there is no PCRE2.
  init(_ pattern: String) throws(Problem) {
    library = try PCRE2.shared
    // A whole text, of UTF-8. \C would match a part of a character.
    let options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C
    var (error, offset) = (CInt(0), 0)
    let (bytes, count) = PCRE2.bytes(pattern)
    let code = unsafe library.functions.pointee.compile(bytes, count, options, &error, &offset, nil)
    guard let code = unsafe code else {
      throw Problem("'\(pattern)' is not a regular expression: \(library.message(error)) at byte \(offset)")
    }
    unsafe self.code = code
  }

  deinit { unsafe library.functions.pointee.code_free(code) }

  /// Returns whether the expression matches the whole text. False if that takes too many steps.
  func matches(_ text: String) -> Bool {
    let functions = unsafe library.functions
    guard let data = unsafe functions.pointee.match_data_create(1, nil) else { return false }
    defer { unsafe functions.pointee.match_data_free(data) }
    let (bytes, count) = PCRE2.bytes(text)
    return unsafe functions.pointee.match(code, bytes, count, 0, 0, data, library.limits) >= 0
  }

  /// Why there is no expression.
  struct Problem: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// The library, loaded on first use and never unloaded.
  @safe private final class PCRE2: Sendable {
    private static let name = "libpcre2-8.so.0"
    private static let loaded = Result { () throws(Problem) in try PCRE2() }
    static var shared: PCRE2 { get throws(Problem) { try loaded.get() } }

    nonisolated(unsafe) let functions: UnsafePointer<CPCRE2_Library>
    nonisolated(unsafe) let limits: OpaquePointer?

    init() throws(Problem) {
      guard let handle = unsafe dlopen(Self.name, RTLD_NOW | RTLD_LOCAL) else {
        throw Problem("\(Self.name) cannot be loaded: install libpcre2-8-0")
      }
      let functions = UnsafeMutablePointer<CPCRE2_Library>.allocate(capacity: 1)
      unsafe functions.initialize(to: CPCRE2_Library())
      if let missing = unsafe CPCRE2_resolve(handle, functions) {
        throw Problem(
          "\(Self.name) has no \(unsafe String(cString: missing)): install version 10.30 or later")
      }
      unsafe limits = functions.pointee.match_context_create(nil)
      _ = unsafe functions.pointee.set_match_limit(limits, stepLimit)
      _ = unsafe functions.pointee.set_heap_limit(limits, heapLimit)
      unsafe self.functions = UnsafePointer(functions)
    }

    /// The bytes of a text, and their number. One more follows, because an empty array has no address.
    static func bytes(_ text: String) -> ([UInt8], Int) { (text.utf8 + [0], text.utf8.count) }

    /// The text of an error.
    func message(_ error: CInt) -> String {
      var text = [UInt8](repeating: 0, count: 256)
      _ = unsafe text.withUnsafeMutableBufferPointer {
        unsafe functions.pointee.get_error_message(error, $0.baseAddress, $0.count)
      }
      return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
