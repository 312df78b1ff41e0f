// SPDX-License-Identifier: Apache-2.0

/// The elements and attributes of a page, read as strictly as the exporter writes it.
///
/// A name that reaches the page as markup adds an element or an attribute that the page does not have otherwise.
struct HTMLOutline {
  /// `tr`, `/tr`, `td class`.
  private(set) var marks: Set<String> = []

  /// The reason why a text is not such a page.
  struct Malformed: Error { let reason: String }

  init(_ page: String) throws(Malformed) {
    var rest = page.utf8[...]
    while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
      rest = rest[rest.index(after: start)...]
      try readTag(&rest)
    }
  }

  private mutating func readTag(_ rest: inout Substring.UTF8View) throws(Malformed) {
    let name = Self.word(&rest)
    guard !name.isEmpty else { throw Malformed(reason: "a < outside of a tag") }
    marks.insert(name)
    while true {
      switch rest.popFirst() {
      case UInt8(ascii: ">"): return
      case UInt8(ascii: " "), UInt8(ascii: "\n"):
        let attribute = Self.word(&rest)
        marks.insert("\(name) \(attribute)")
        if rest.first == UInt8(ascii: "=") { try readValue(&rest, of: attribute) }
      default: throw Malformed(reason: "the tag \(name) does not end")
      }
    }
  }

  private func readValue(_ rest: inout Substring.UTF8View, of attribute: String) throws(Malformed) {
    rest.removeFirst()
    guard rest.popFirst() == UInt8(ascii: "\"") else {
      throw Malformed(reason: "\(attribute) has no quotes")
    }
    guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else {
      throw Malformed(reason: "\(attribute) does not end")
    }
    guard !rest[..<end].contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") }) else {
      throw Malformed(reason: "\(attribute) has a < or >")
    }
    rest = rest[rest.index(after: end)...]
  }

  private static func word(_ rest: inout Substring.UTF8View) -> String {
    let word = rest.prefix { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "!"):
        true
      default: false
      }
    }
    rest = rest[word.endIndex...]
    return String(Substring(word))
  }
}
