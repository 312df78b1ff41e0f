// SPDX-License-Identifier: Apache-2.0

package import LiveView

/// What a person sees of the readings, and does with keys. Knows no terminal: ``screen(_:)`` makes text of it.
package struct View: Sendable {
  /// What the program has to do after a key.
  package enum Effect: Equatable, Sendable {
    case show, pause, goOn, quit
  }

  /// Lines above the rows.
  static let headLines = 4
  /// Longest filter that can be typed.
  static let filterLimit = 256

  let source: String
  let interval: String
  package var meter = RateCalculator()
  /// What is wrong with the source; nil where nothing is. Printable.
  package var trouble: String?
  private(set) var order: Order
  private(set) var filter: String
  private(set) var isTyping = false
  private(set) var showsHelp = false
  package private(set) var isPaused = false
  /// How many rows are above the first one that is shown.
  private(set) var offset = 0
  /// How many rows there was room for the last time.
  private var page = 1

  /// Begins.
  ///
  /// - Parameters:
  ///   - source: Where readings come from, printable.
  ///   - interval: How often they come.
  package init(source: String, interval: String, order: Order, filter: String = "") {
    (self.source, self.interval, self.order, self.filter) = (source, interval, order, filter)
  }

  /// The rows that pass the filter, sorted.
  package var isEmpty: Bool { rows.isEmpty }

  var rows: [Row] { order.sorted(meter.rows.filter { $0.matches(filter) }) }

  /// Handles a key.
  package mutating func handle(_ key: Key) -> Effect {
    switch key {
    case .up: scroll(-1)
    case .down: scroll(1)
    case .pageUp: scroll(-page)
    case .pageDown: scroll(page)
    case .home: offset = 0
    case .end: offset = Int.max / 2
    default: return isTyping ? type(key) : command(key)
    }
    return .show
  }

  /// Fits the place in the table to how many rows there are and how many a screen has.
  mutating func fit(rows count: Int, page: Int) {
    self.page = max(1, page)
    offset = max(0, min(offset, count - page))
  }

  private mutating func scroll(_ rows: Int) { offset = max(0, offset + rows) }

  private mutating func command(_ key: Key) -> Effect {
    switch key {
    case .escape:
      filter = ""
      showsHelp = false
    case .character("q"): return .quit
    case .character("/"): isTyping = true
    case .character("h"), .character("?"): showsHelp.toggle()
    case .character("j"): scroll(1)
    case .character("k"): scroll(-1)
    case .character(" "):
      isPaused.toggle()
      return isPaused ? .pause : .goOn
    case .character(let character):
      guard let column = Column.allCases.first(where: { $0.key == character }) else { break }
      order.choose(column)
      offset = 0
    default: break
    }
    return .show
  }

  private mutating func type(_ key: Key) -> Effect {
    switch key {
    case .enter: isTyping = false
    case .escape: (filter, isTyping) = ("", false)
    case .clear: filter = ""
    case .backspace: _ = filter.popLast()
    case .character(let character):
      if filter.unicodeScalars.count < Self.filterLimit { filter.append(character) }
    default: break
    }
    offset = 0
    return .show
  }
}
