// SPDX-License-Identifier: Apache-2.0

import Containers

/// Splits a list into items while its body arrives, so that the whole list is never in memory.
///
/// ```
/// {"kind":"PodList","metadata":{"resourceVersion":"1","continue":"…"},"items":[{…},{…}]}
///                              └──────────── metadata ─────────────┘          └─┘ └─┘ items
/// ```
///
/// Fields may have any order, and chunks any size. Buffers at most one item.
struct ListSplitter {
  /// The limit of an item, in bytes; etcd accepts no object above 1.5 MiB.
  static let itemLimit = 8 << 20
  /// The limit of `metadata`, in bytes.
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
  /// The length of the value whose beginning is buffered.
  private var length = 0

  /// The bytes of `metadata`; nil until they are complete.
  private(set) var metadata: [UInt8]?
  /// Whether the list has `items`.
  private(set) var hasItems = false
  /// The number of items that were skipped because they exceed the limit.
  private(set) var oversized = 0

  /// Whether the list is complete.
  var isComplete: Bool { if case .end = state { true } else { false } }

  /// Returns the items that end in the next chunk.
  ///
  /// - Throws: `invalid` if the bytes are not a JSON object, or `metadata` exceeds 64 KiB. Do not call it
  ///   again then.
  mutating func feed(_ chunk: Span<UInt8>) throws(WatchFailure) -> [[UInt8]] {
    var items: [[UInt8]] = []
    for index in chunk.indices {
      while try !ingest(chunk[index], &items) {}
    }
    return items
  }

  /// Returns whether the byte is consumed. Otherwise it ended a value, and must be ingested again in the new
  /// state.
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
        // Go encodes a nil slice as null.
        if field == .items { list.hasItems = true }
        list.state = .comma
      }
    case .insideName(let isEscaped):
      if byte == UInt8(ascii: "\"") && !isEscaped {
        state = .colon
        return true
      }
      // All searched names are shorter.
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

  /// Ingests a byte of a value, or the one after it. Returns whether the byte is consumed.
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
