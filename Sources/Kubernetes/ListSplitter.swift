// SPDX-License-Identifier: Apache-2.0

/// Cuts the items out of a list while its body arrives, so that the list is never in memory whole.
///
/// ```
/// {"kind":"PodList","metadata":{"resourceVersion":"1","continue":"…"},"items":[{…},{…}]}
///                              └──────────── metadata ─────────────┘          └─┘ └─┘ items
/// ```
///
/// The fields come in any order, the bytes in chunks of any size. One item is held at the most.
struct ListSplitter {
  /// The maximum length of an item; etcd accepts no object above 1.5 MiB.
  static let itemLimit = 8 << 20
  /// The maximum length of `metadata`.
  static let metadataLimit = 64 << 10

  private enum Field { case metadata, items, other }

  private enum State {
    case start
    case name(isFirst: Bool)
    case insideName(isEscaped: Bool)
    case colon
    case value(Field)
    case comma
    case item(isFirst: Bool)
    case insideItem
    case itemComma
    case end
  }

  private var state = State.start
  private var name: [UInt8] = []
  private var scanner = JSONValueScanner()
  private var held: [UInt8] = []
  /// How long the value is of which the beginning is held.
  private var length = 0

  /// The bytes of `metadata`, if it came.
  private(set) var metadata: [UInt8]?
  /// Whether `items` came.
  private(set) var hasItems = false
  /// How many items were left out because they were too big.
  private(set) var oversized = 0

  /// Whether the list has come to its end.
  var isComplete: Bool { if case .end = state { true } else { false } }

  /// Returns the items that end in the next bytes.
  ///
  /// - Throws: `invalid` where the bytes are not those of a JSON object, or `metadata` has more than 64 KiB; then
  ///   the rest is of no use.
  mutating func feed(_ chunk: Span<UInt8>) throws(WatchFailure) -> [[UInt8]] {
    var items: [[UInt8]] = []
    for index in chunk.indices {
      while try !ingest(chunk[index], &items) {}
    }
    return items
  }

  /// Answers whether the byte is done with; otherwise it only ended something, and means more in the new state.
  private mutating func ingest(_ byte: UInt8, _ items: inout [[UInt8]]) throws(WatchFailure) -> Bool {
    switch state {
    case .insideItem:
      return try hold(byte, upTo: Self.itemLimit) {
        if $0.length > Self.itemLimit { $0.oversized += 1 } else { items.append($0.held) }
        $0.state = .itemComma
      }
    case .value(let field):
      if field == .items && length == 0 && byte == UInt8(ascii: "[") {
        hasItems = true
        state = .item(isFirst: true)
        return true
      }
      return try hold(byte, upTo: field == .metadata ? Self.metadataLimit : 0) { list in
        if field == .metadata { list.metadata = list.held }
        // Go writes a list that was never made as null.
        if field == .items { list.hasItems = true }
        list.state = .comma
      }
    case .insideName(let isEscaped):
      if byte == UInt8(ascii: "\"") && !isEscaped {
        state = .colon
        return true
      }
      // Longer than any name that is looked for.
      if name.count < 16 { name.append(byte) }
      state = .insideName(isEscaped: byte == UInt8(ascii: "\\") && !isEscaped)
    case .start, .name, .colon, .comma, .item, .itemComma, .end:
      if JSONValueScanner.isSpace(byte) { return true }
      return try punctuate(byte)
    }
    return true
  }

  private mutating func punctuate(_ byte: UInt8) throws(WatchFailure) -> Bool {
    switch (state, byte) {
    case (.start, UInt8(ascii: "{")): state = .name(isFirst: true)
    case (.name, UInt8(ascii: "\"")):
      name = []
      state = .insideName(isEscaped: false)
    case (.colon, UInt8(ascii: ":")): begin(.value(field))
    case (.comma, UInt8(ascii: ",")): state = .name(isFirst: false)
    case (.comma, UInt8(ascii: "}")), (.name(isFirst: true), UInt8(ascii: "}")): state = .end
    case (.item(isFirst: true), UInt8(ascii: "]")), (.itemComma, UInt8(ascii: "]")): state = .comma
    case (.itemComma, UInt8(ascii: ",")): state = .item(isFirst: false)
    case (.item, _):
      begin(.insideItem)
      return false
    default: throw Self.malformed
    }
    return true
  }

  private var field: Field {
    switch String(decoding: name, as: UTF8.self) {
    case "metadata": .metadata
    case "items": .items
    default: .other
    }
  }

  private mutating func begin(_ state: State) {
    scanner = JSONValueScanner()
    held = []
    length = 0
    self.state = state
  }

  /// Takes a byte of a value, or the one behind it.
  private mutating func hold(
    _ byte: UInt8, upTo limit: Int, end: (inout ListSplitter) -> Void
  ) throws(WatchFailure) -> Bool {
    let position = scanner.step(byte)
    switch position {
    case .before: return true
    case .inside, .last:
      length += 1
      if length <= limit {
        held.append(byte)
      } else if limit == Self.metadataLimit {
        throw Self.malformed
      }
    case .behind:
      if length == 0 { throw Self.malformed }
    }
    if position == .inside { return true }
    end(&self)
    held = []
    length = 0
    return position == .last
  }

  private static let malformed = WatchFailure(.invalid, "the response is not a list")
}
